// Says a sentence aloud with the browser's own Mandarin voice, where it has one.

/** Speaks; returns false when the browser has no voice for Chinese. */
export function speakText(text, language = document.documentElement.lang || "zh-Hans") {
  if (!("speechSynthesis" in window)) return false;
  const wanted = language.startsWith("en") ? "en" : "zh";
  const voice = window.speechSynthesis.getVoices().find((one) => one.lang.toLowerCase().startsWith(wanted));
  if (!voice) return false;
  const words = new SpeechSynthesisUtterance(text);
  words.voice = voice;
  words.lang = voice.lang;
  window.speechSynthesis.speak(words);
  return true;
}
