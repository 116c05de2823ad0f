"""How free-text conditions of a material become yes/no questions, or a group of which one is enough."""

from typing import NamedTuple


class Asked(NamedTuple):
    """A situation as the import makes it: key, short name and question, Chinese and English."""

    key: str
    name: str
    question: str
    name_en: str
    question_en: str


PROXY = Asked(
    "somebody-else-comes", "别人替您来办时", "是别人替您来办吗？",
    "if somebody comes for you", "Does somebody else come for you?",
)  # fmt: skip
CHILD = Asked(
    "for-a-child-under-16", "替未满 16 周岁的孩子办时", "是替未满 16 周岁的孩子办吗？",
    "for a child under 16", "Is it for a child under 16?",
)  # fmt: skip
GUARDIAN = Asked(
    "guardian-applies", "监护人来申请时", "是监护人来申请吗？", "if a guardian applies", "Does a guardian apply?"
)  # fmt: skip
PAYMENT = Asked(
    "claims-payment", "申请给付（领钱）时", "这次是来申请给付（领钱）吗？",
    "if you claim a payment", "Do you claim a payment this time?",
)  # fmt: skip
MINOR = Asked(
    "minor-or-mental", "未成年，或是智力、精神类残疾时", "办证的人是未成年人，或是智力、精神类残疾吗？",
    "for minors, and intellectual or mental disability",
    "Is the person a minor, or is it an intellectual or mental disability?",
)  # fmt: skip
CERTIFICATE = Asked(
    "gets-honour-certificate", "申领、换领、补领光荣证时", "是来申领、换领或补领光荣证吗？",
    "if you apply for the certificate of honour", "Do you apply for, exchange or replace the certificate of honour?",
)  # fmt: skip
CHILDREN = Asked(
    "children-concerned", "涉及子女时", "这件事涉及子女吗？", "if children are concerned", "Are children concerned?"
)  # fmt: skip
DEBIT = Asked(
    "pays-by-debit", "要扣款缴费时", "要从银行卡扣款缴费吗？",
    "if you pay by direct debit", "Do you pay by direct debit?",
)  # fmt: skip
NO_CARD = Asked(
    "has-no-social-card", "还没有社保卡时", "您还没有社保卡吗？",
    "if you have no social security card", "Have you no social security card yet?",
)  # fmt: skip
ADDRESS = Asked(
    "lives-elsewhere", "现住址和居住登记的地址不一样时", "现在住的地方，和居住登记的地址不一样吗？",
    "if you live elsewhere than registered", "Do you live elsewhere than you are registered?",
)  # fmt: skip
NAME_CHANGED = Asked(
    "identity-changed", "身份信息有变更时", "您的身份信息变更过吗？",
    "if your identity details changed", "Have your identity details changed?",
)  # fmt: skip
NUMBER_CHANGED = Asked(
    "id-number-changed", "身份证号码变更过时", "您的身份证号码变更过吗？",
    "if your ID number changed", "Has your ID number changed?",
)  # fmt: skip
FOREIGNER = Asked(
    "foreign-national", "外籍人员", "办事的人是外籍人员吗？",
    "for foreign nationals", "Is the person a foreign national?",
)  # fmt: skip
CHILD_WITHOUT_ID = Asked(
    "under-16-without-id", "16 周岁以下还没有身份证时", "孩子在 16 周岁以下，还没有身份证吗？",
    "for a child under 16 without an ID card", "Is it for a child under 16 who has no ID card?",
)  # fmt: skip
NOT_RESETTLED = Asked(
    "not-resettled-cadre", "不是异地安置离退休干部时", "您不是异地安置的离退休干部吗？",
    "unless a cadre resettled elsewhere", "Are you anything but a retired cadre resettled elsewhere?",
)  # fmt: skip
HOSPITAL = Asked(
    "was-in-hospital", "住院或留观过时", "这次是住院或者留观吗？",
    "after a stay in hospital", "Was it a stay in hospital or under observation?",
)  # fmt: skip
RELIEF = Asked(
    "claims-combined-relief", "申请综合减负时", "是来申请综合减负吗？",
    "if you claim combined relief", "Do you claim combined relief?",
)  # fmt: skip
BIRTHPLACE = Asked(
    "by-place-of-birth", "看在哪里生育", "生育的医院要求开这份证明吗？不清楚请问窗口。",
    "depends on where the birth was", "Does the place of birth call for this paper? Ask if unsure.",
)  # fmt: skip
MARRIED_ABROAD = Asked(
    "married-abroad", "在国外结婚时", "是在国外登记结婚的吗？", "if married abroad", "Did you marry abroad?"
)  # fmt: skip
CHILD_AT_SCHOOL = Asked(
    "adult-child-at-school", "子女满 18 周岁还在读书时", "子女满了 18 周岁，还在读书吗？",
    "if an adult child is at school", "Is a child over 18 still at school?",
)  # fmt: skip
DISABILITY_CHANGED = Asked(
    "disability-changed", "残疾状况有变化时", "是因为残疾状况有变化吗？",
    "if the disability changed", "Is it because the disability changed?",
)  # fmt: skip
BEREAVED = Asked(
    "for-the-deceased", "家里有人过世，来注销时", "是家里有人过世，来办注销吗？",
    "after a death in the family", "Is it after a death in the family?",
)  # fmt: skip
REWARD = Asked(
    "fits-reward", "符合奖励条件时", "您符合奖励条件吗？不清楚请问窗口。",
    "if you qualify for the reward", "Do you qualify for the reward? Ask if unsure.",
)  # fmt: skip
EIGHT_GROUPS = Asked(
    "in-the-eight-groups", "属于八类对象时", "您属于规定的八类对象吗？不清楚请问窗口。",
    "if you belong to the eight groups", "Do you belong to the eight groups? Ask if unsure.",
)  # fmt: skip
CONCERNED = Asked(
    "if-it-concerns-you", "和您的情况有关时", "这份材料和您的情况有关吗？不清楚请问窗口。",
    "if it concerns you", "Does this paper concern you? Ask if unsure.",
)  # fmt: skip

SITUATIONS: dict[str, Asked] = {
    "委托他人办理时": PROXY, "委托时": PROXY, "代办时": PROXY, "未满16周岁由监护人代办时": CHILD,
    "监护人申请时": GUARDIAN,
    "给付时": PAYMENT, "未成年或智力、精神类": MINOR, "申领、换领、补领光荣证时": CERTIFICATE, "涉及子女时": CHILDREN,
    "扣款缴费时": DEBIT, "无社保卡时": NO_CARD, "现住址与居住登记地址不一致时": ADDRESS, "身份信息变更时": NAME_CHANGED,
    "身份号码变更时": NUMBER_CHANGED, "外籍人员": FOREIGNER, "16岁以下无身份证时": CHILD_WITHOUT_ID,
    "异地安置离退休干部除外": NOT_RESETTLED, "住院或留观时": HOSPITAL, "申请综合减负时": RELIEF, "依生育地": BIRTHPLACE,
    "国外结婚时": MARRIED_ABROAD, "子女满18在读时": CHILD_AT_SCHOOL, "因残疾状况变化时": DISABILITY_CHANGED,
    "死亡注销时": BEREAVED, "符合奖励条件时": REWARD, "列入八类对象时": EIGHT_GROUPS, "涉及时": CONCERNED,
    "对应情形": CONCERNED,
}  # fmt: skip
ANY_ONE_OF = "任选其一"
MEANS_NOTHING = {"S3列出"}
