// [data-remember-point] is the point looked at last; front door and guides show it. The cookie names a place, no person.

const HALF_A_YEAR_S = 180 * 86_400;

const page = document.querySelector("[data-remember-point]");
if (page) {
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  const code = encodeURIComponent(page.dataset.rememberPoint);
  document.cookie = `point=${code}; Path=/; Max-Age=${HALF_A_YEAR_S}; SameSite=Lax${secure}`;
}
