"""Statements that name an option: "the answer is B", "B is correct", "not A but B", "答案：B".

All functions take text that `choices.cleaned` has prepared, so full-width characters and LaTeX wrappers are gone.
"""

import re
from dataclasses import dataclass

from .positions import by_position

_NEAR = r"[ \t\n*_`:=\"'(\[\]>$~\u2013\u2014\u2192\u21d2-]{0,6}"
_WORD = "A-Za-z0-9_\u00c0-\u024f\u0400-\u04ff"
_END = rf"(?![{_WORD}'\u2019+=^])(?!-[A-Za-z])"
# "B'dir" and "l'option": an apostrophe belongs to the next word in Turkish and in French
LETTER = re.compile(rf"[\s*_`$\"'\[(:{{]{{0,6}}([A-Za-z])(?:{_END}|(?=['\u2019]?[dt][iıuü]r\b))[)\]}}*_`$\"']*")

#: Nouns that introduce an answer, by language. English nouns that can name any option are in MENTIONS.
NOUNS = (
    r"answers?|correct one|guess|one(?= that)|a:|ans\.?|final(?=[*_]*\s*:)",  # English
    "(?:final_|correct_)?answer_(?:choice|letter|option|key)|(?:final|correct)_answer",  # JSON
    "antwort|lösung|richtig(?= ist)|korrekt(?= ist)",  # German
    "réponse|reponse",  # French
    "respuesta|solución",  # Spanish
    "risposta",  # Italian
    "resposta|gabarito",  # Portuguese
    "antwoord",  # Dutch
    r"odpowied[źz]|odp\.|odpověď",  # Polish, Czech
    "cevap|cevabı|cevabım|yanıt|yanıtı",  # Turkish
    "ответ|ответом",  # Russian
    "svaret|svar",  # Swedish, Danish, Norwegian
    "đáp án|câu trả lời|jawaban|jawabannya",  # Vietnamese, Indonesian
    "απάντηση",  # Greek
    "răspunsul|vastaus|válasz",  # Romanian, Finnish, Hungarian
    "الإجابة|الجواب|उत्तर|जवाब",  # Arabic, Hindi
    "پاسخ|התשובה|উত্তর|jawapan|sagot|jibu",  # Persian, Hebrew, Bengali, Malay, Filipino, Swahili
)
VERBS = (
    "choose|chose|choosing|pick|picked|picking|select|selected|selecting|"
    "go with|going with|opt for|end up with|ended up with|settle on|settled on|"
    "say|leaves|leaving|left with|wähle|выбираю|elijo|choisis"
)
MENTIONS = (
    "option|choice|solution|ending|letter|letra|alternative|"
    "opción|lettre|buchstabe|вариант|opzione|alternativa|opção|optie|opcja"
)
CJK = (
    r"答案|(?<!不)(?<!别)(?<![错錯误誤])(?<!不能)(?<!不应)(?<!可)[选選](?:择|擇)?(?![项項题題])|"  # Chinese
    r"正[确確](?:的)?[选選][项項]|正[确確]的(?=[是为為])|"
    r"答え|正解|正答|解答|回答|正しい選択肢|"  # Japanese
    r"คําตอบ(?:ที่ถูกต้อง)?(?:คือ)?(?:ข้อ)?|"  # Thai (no spaces either), as `choices.cleaned` leaves it
    r"정답|(?<![가-힣])답(?:변)?"  # Korean
)
LEAD = re.compile(
    rf"(?:(?<![{_WORD}])(?:(?P<noun>{'|'.join(NOUNS)})|(?P<verb>{VERBS})|(?P<mention>{MENTIONS}))(?![{_WORD}])|"
    rf"(?P<cjk>{CJK}))",
    re.IGNORECASE,
)
_COPULAS = (
    "is|was|are|be|being|would be|must be|should be|will be|has to be|seems to be|appears to be|ist|lautet|wäre|"
    "est|serait|es|sería|è|e'|sarebbe|é|seria|luidt|to|jest|brzmi|to jest|şudur|это|является|будет|är|er|là|adalah|je|"
    "هي|هو|है|είναι|este|on|ang|ni|היא"
)
_BETWEEN = (
    "the|an?|that|of|best|correct|right|most likely|option|choice|letter|answer|definitely|clearly|therefore|"
    "thus|hence|then|indeed|probably|likely|actually|simply|obviously|indeed|still|now|given by|number|final|"
    "fits|works|matches|satisfies|us|with|only|"
    "die|der|das|richtige|korrekte|buchstabe|möglichkeit|antwort|also|la|l'|le|correcte|exacte|bonne|juste|lettre|"
    "choix|proposition|réponse|donc|finale|el|correcta|opción|letra|alternativa|corretta|giusta|esatta|opzione|lettera|il|o|correta|certa|opção|"
    "juiste|optie|dus|de|prawidłowa|poprawna|opcja|litera|doğru|seçeneği|правильный|верный|вариант|под|буквой|буква|"
    "το|η|yang|benar|opsi|đúng|rätt|الصحيحة|الصحيح|الخيار|विकल्प|corect|oikea|helyes|הנכונה|صحیح|گزینه|সঠিক"
)
_CJK_COPULAS = "選択肢|应该是|應該是|应该为|应为|應為|应选|應選|就是|是|为|為|は|은|는|이|가|选项|選項|选择|选|選"
COPULA = re.compile(rf"(?:(?:{_COPULAS}|(?<=')s)(?![{_WORD}])|{_CJK_COPULAS}){_NEAR}", re.IGNORECASE)
BETWEEN = re.compile(rf"(?:{_BETWEEN})(?:(?<=')|(?![{_WORD}])){_NEAR}", re.IGNORECASE)
NEAR = re.compile(_NEAR)
LEADS = 300  # read at most, from the end of a text
FILLERS = 6  # words between "answer" and the option
# words that take a statement back: before its first word, and after its letter
TAKEN_BACK = re.compile(
    r"(?:\b(?:if|whether|suppose|assume|assuming|not|never|cannot|wrong|incorrect|"
    r"rather than|instead of|unlike|saying(?: that)?|"
    r"(?:not|n't) (?:think|believe|say|agree|sure|convinced|certain)(?: that)?|unlikely(?: that)?|nicht, dass|"
    r"(?:second|third|next best|rejected)(?!,)|"
    r"(?:some|others|many|most|people|students|one)\s(?:would|might|may|could|will|often|wrongly)|"
    r"(?:many|most|some|few)\s(?:people|students|readers|learners|test[ -]takers)|in which case|"
    r"(?:you|one|people|students|they)\s(?:(?:might|may|could|would|often)\s)?"
    r"(?:think|believe|say|assume|guess)(?: that)?|"
    r"(?:mistakes?|misconception|error|trap|pitfall)(?::[*]{0,2}|\s(?:is|would be|are|that|to)\b(?: that| to)?))|"
    r"n't (?:think|believe|say|agree)(?: that)?|n't|不认为|不觉得|不|非|错误)"
    r"[\s:,]*(?:to\s+)?(?:(?:the|an?|that|die|der|das|my|our|you|we|I|they|have|say|correct|right|best|final|possible|的)\s*){0,3}$",
    re.IGNORECASE,
)
DENIED = re.compile(
    r"(?![)\]*_]{0,3}\.\s+(?-i:[A-Z]))[\s.):\]*_]{0,4}(?:"
    r"(?:is|was|are|can|could|does|do|seems|would be|ist|est|es|è|é)\s*(?:n't|not\b|nicht\b|pas\b|"
    r"no\b|non\b|wrong|incorrect|false|falsch|faux|incorrect[ao]|never|neither|out\b)|"
    r"cannot|不|ではな|가 아니|가 아닙|이 아니|是?错|是?錯|\s*\?)",
    re.IGNORECASE,
)
#: words that follow a letter, but never the article "a"
REASON = re.compile(
    r"\s+(?:because|since|as|for|due|given|which|so|but|and|is|was|would|must|not|instead|rather|over|here|from|among|"
    r"based|than|in|on|of|by|if|though|although|with|without|too|again|then|at|when)\b"
)
_ALSO = (
    r"[\s)\]*.\"]{0,3}(?:,|/|&|;|、|(?:,\s*)?(?:and|or|nor|und|oder|et|ou|y|o|e|и|или)\b|和|或|と|또는)[\s(\[*\"]{0,3}"
)
SEVERAL = re.compile(
    _ALSO + rf"(?:(?:option|choice)\s+)?([A-Z]){_END}(?!\s+(?:is|was)\b)(?!(?<=[AI])\s+(?!and\b|or\b)[a-z])"
)
_SUBJECT = (
    r"(?:^|[.!?,;:\n(]|\b(?:so|thus|therefore|hence|that|because|and|but|since|then|only|"
    r"option|choice|answer|letter|solution|ending|I (?:\w{2,9} )?(?:believe|think|say|conclude|guess|feel))|"
    r"[選选][項项擇择]|選択肢|所以|因此|那么)"
)
_POSITIVE = (
    r"(?:(?:is|was|must be|would be|should be|(?:seems|appears)(?:\s+to\s+be)?)\s+(?:(?:clearly|therefore|thus|indeed|"
    r"definitely|then|also)\s+)?"
    r"(?:(?:the|my)\s+)?(?:(?:only|single|best|most\s+\w+)\s+)?"
    r"(?:correct|right|best|better|true|most\s+\w+|(?<=the\s)answer|(?<=my\s)answer)\b|(?:fits|works|matches|suits)\s+(?:the\s+)?best\b|"
    r"(?:looks|sounds|feels)\s+(?:the\s+)?(?:best|right|correct|most\s+\w+)\b|makes\s+(?:(?:the\s+)?most|more)\s+sense\b|"
    r"best\s+(?:describes|explains|matches|fits|answers|represents|completes|captures|summarizes|supports)\b|ist\s+(?:die\s+)?(?:richtig|korrekt)|"
    r"est\s+(?:la\s+)?(?:bonne|correct)|"
    r"(?:es|è|é)\s+(?:l?[ao]\s+|il\s+)?(?:(?:respuesta|opción|risposta|opzione|resposta|opção)\s+)?"
    r"(?:correct|corrett|corret)|верн|правильн|(?:是|が|は|이|가)?\s?(?:正确|正確|正しい|正解|정답|对的))"
)
SUBJECT = re.compile(
    rf"{_SUBJECT}[ \t*_`\"'(\[-]{{0,8}}(?-i:([A-Z]))[)\]*_`\"'.]{{0,6}}[ \t]{{0,4}}"
    rf"(?:\([^()\n]{{1,60}}\)[*]{{0,2}}[ \t]{{1,2}})?(?:[选選][项項])?{_POSITIVE}",
    re.IGNORECASE,
)
#: "Somit ist C die richtige Antwort."
INVERTED = re.compile(
    r"\b(?:ist|wäre|bleibt)\s(?:also\s)?(?:(?:Option|Antwort)\s)?[(*\[]{0,3}([A-Z])[)*\]]{0,3}\s(?:die\s)?"
    r"(?:richtig|korrekt)"
)
_NOT = r"(?:(?:\bnot|\bnicht|\bpas|\bno|\bnon|\bnão|\bniet|\bnie|\bне|n't)(?:\s(?:es|è|é|jest|to|это|be)\b)?|不是)"
_BUT = r"(?:\bbut|\bsondern|\bmais|\bsino|\bma|\bmas|\bmaar|\blecz|\bale|\bа|而是|\brather)"
_MARKED = r"[\s(*\[]{1,4}(?:(?:option|choice|la|the|a)\s+)?[(*\[]{0,3}"
NOT_BUT = re.compile(rf"{_NOT}{_MARKED}(?-i:[A-Z])[)*\]]*,?\s*{_BUT}{_MARKED}(?-i:([A-Z])){_END}", re.IGNORECASE)
NOT_BUT_CJK = re.compile(
    r"(?:不是[\s(*]*[A-Z][)*]*,?\s*(?:而是|应该?是|應該?是)|只有|(?<![A-Za-z])[A-Z]ではな[くい],?)[\s(*]*([A-Z])(?![A-Za-z])"
)
NEITHER = re.compile(
    rf"\bneither\b(?:{_MARKED}[A-Z][)*\]]*,?\s*\bnor\b)+{_MARKED}[A-Z][)*\]]*,?\s*\bbut\b{_MARKED}([A-Z]){_END}",
    re.IGNORECASE,
)
#: "it's B", "so C", "therefore D", where the clause ends with the letter
CONCLUDED = re.compile(
    r"(?:\bit(?:'s|\s+is|\s+(?:must|has\s+to|should|can\s+only)\s+be)|"
    r"(?:^|(?<=[.!,;:] ))(?:es|è|é|c'est|es\s+ist|это)(?:\s+(?:la|die|a|вариант))?(?=\s)|"
    r"\bthe\s+(?!chest|guest|quest|forest|interest|request|harvest|honest|priest)\w{2,12}est(?:\s+(?:one|animal|option))?\s+is(?=\s)|"
    r"\b(?:so|therefore|thus|hence|(?:but\s+)?ultimately|"
    r"(?:not sure|unsure|uncertain), but(?: probably)?|I(?: would)? conclude(?: that)?),?)\s+(?:it(?:'s|\s+is)\s+)?"
    r"(?:(?:option|choice|letter)\s+)?"
    r"[(*\[]{0,3}(?-i:([A-Z]))[)*\]]{0,3}(?=[.!;]*[ \t]*(?:$|\n)|[.;][ \t]|,?[ \t]+(?:because|since|as)\b|"
    r",?[ \t]+(?:not|rather[ \t]+than|instead[ \t]+of)\b|"
    r",[ \t]+(?!and\b|or\b|but\b|not\b)(?-i:[a-z]))",
    re.IGNORECASE | re.MULTILINE,
)
ELLIPSIS = re.compile(
    r"\b(?:correct|right|answer)[,;]?\s+(?:but\s+|and\s+)?([A-Z])\s+is\b[*]*(?=[.!]|\s*$)", re.MULTILINE
)

#: "so option C it is", "I rank B above C", "no, wait: B"
IT_IS = re.compile(
    r"(?:\b(?:option|choice|then|so|hence|thus|but)[ \t(*]{1,4}|^|[.!?][ \t])([A-Z])[)*]{0,3} it is\b(?=[.!]|\s*$)",
    re.MULTILINE,
)
POINTED = re.compile(
    r"\b(?:which|this|that|it)[ \t]+(?:is|equals|matches|corresponds[ \t]+to|agrees[ \t]+with)[ \t]+(?:the[ \t]+)?"
    rf"(?:option|choice|letter|alternative|answer)[ \t:(*\[\"]{{1,5}}([A-Z]){_END}"
)
RANKED = re.compile(
    r"\b(?:(?:rank|place|put|prefer)(?:s|ed)?)[ \t]+(?:option[ \t]+)?[(*]{0,3}([A-Z])[)*]{0,3}[ \t]+"
    r"(?:above|over|ahead[ \t]+of|higher[ \t]+than|first|to(?=[ \t(*]+[A-Z]\b))(?!\w)"
)
CORRECTED = re.compile(
    r"(?:\b(?i:no,?[ \t]+wait|wait|actually|oops|correction|scratch[ \t]+that|sorry)|"
    r"(?:\.\.\.|[\u2026\u2014])[ \t]*(?i:no))"
    r"[,:.\u2014-]{0,2}[ \t]+"
    r"(?i:it(?:'s|[ \t]+is)[ \t]+|the[ \t]+answer[ \t]+is[ \t]+|I[ \t]+meant?[ \t]+)?"
    r"[(*]{0,3}([A-Z])[)*]{0,3}[.!]?[ \t]*$",
    re.MULTILINE,
)
#: "I change my answer from B to C"
CHANGED = re.compile(
    r"\b(?i:chang(?:e|ed|ing)|switch(?:ed|ing)?|revis(?:e|ed|ing))[ \t]"
    r"(?:(?i:(?:my|the)[ \t](?:final[ \t])?answer)[ \t]|(?=from))"
    r"(?:from[ \t](?i:option[ \t])?[(*]{0,3}[A-Z][)*]{0,3}[ \t])?to[ \t](?i:option[ \t])?[(*]{0,3}([A-Z])(?![\w'])"
)
#: "B because A is a capital, too"
GROUNDED = re.compile(r"^[ \t]*[(*]{0,3}([A-Z])[).*]{0,3}[ \t]{1,3}(?:because|since)\b", re.MULTILINE)
AMONG = re.compile(r"\b(?:between|among|of)\b[ \t(*]+[A-Z]\W{1,5}(?:and|or)\W{1,5}[A-Z]\W{0,3},\s{0,3}$", re.IGNORECASE)
ASKED = re.compile(r"[^.!\n]{0,30}\?")
#: what follows "A would be the answer" if that is hypothetical
SUPPOSED = re.compile(r"[^.!?;\n]{0,12}\b(?:if|when|for(?!\s+(?:this|the)\b)|had|were)\b", re.IGNORECASE)


CLAUSE = re.compile(r"(?:[^\n.!?;]|[.!?](?=\S)){0,80}")
BEFORE_SUPPOSED = re.compile(r"(?:^|[.!?(\n])\s{0,3}(?:for|if|had|were)\b[^.!?\n]*$", re.IGNORECASE)
#: "Only C meets both conditions.", "option C is the only one that does"
ONLY = re.compile(
    r"(?:^|[.!?,;:\n]\s{0,3}|\b(?:so|thus|hence|that|and|but)\s)(?i:only)\s(?:(?:option|choice|answer)\s)?[(*]{0,3}([A-Z])[)*]{0,3}"
    r"\s(?!and\b|or\b)[a-z]{2,}|"
    r"\b(?i:option|choice|answer)\s[(*]{0,3}([A-Z])[)*]{0,3}\sis\sthe\sonly\s(?:one|option|choice)\b|"
    r"\bmakes\s(?:(?:option|choice)\s)?[(*]{0,3}([A-Z])[)*]{0,3}\sthe\s(?:correct|right|best)\b"
)


#: words that show that a sentence about a letter does not choose it
DOUBT = re.compile(
    r"\b(?:not|never|cannot|wrong|incorrect|false|neither|nor|except|if|whether|could|can|might|may|possibly|maybe|"
    r"perhaps|unlikely|mistake|eliminat\w+|exclud\w+|rul(?:e|ed|es|ing)\s+out|unless|nicht|kein\w*|pas|ne|non|não|no|или|не|нет)\b|"
    r"n't\b|n\u2019t\b|[?？不错錯非]",
    re.IGNORECASE,
)
ELIMINATION = re.compile(r"\b(?:by|after|through)\s+(?:the\s+)?(?:process\s+of\s+)?elimination\b", re.IGNORECASE)
ALONE = re.compile(rf"(?<![{_WORD}'\u2019+=^.-])[A-Z]{_END}(?![.]\w)")
BEFORE_CHOICE = re.compile(
    r"(?:^|[,;:(]|\b(?:is|be|so|thus|hence|therefore|then|that|with|option|choice|answer|letter|only|to|definitely|probably|presumably|clearly|"
    r"certainly|surely|obviously|evidently))[\s(*\[\"']*$",
    re.IGNORECASE,
)
AFTER_CHOICE = re.compile(
    r"[\s)*\]\"'.!]*$|[)*\]]*\s*(?:[,;:]|(?:is|was|fits|best|matches|satisfies|describes|seems|would|must|works|remains|survives|holds|stands)\b)"
)


#: "B: ..." at the beginning of a line, so that "A:" begins a list of options and no answer
OPTION_LIST = re.compile(r"^[ \t*_>\u2022-]{0,8}[B-E][*_]{0,2}:", re.MULTILINE)
DOUBTED = (SUBJECT, INVERTED, CONCLUDED, IT_IS, POINTED, RANKED, ONLY)  # may be questions, or name several options


@dataclass(frozen=True, slots=True)
class Statement:
    """What a sentence says: the letter that ends at `place`; None if it names several, or one that is not an option.

    firm  false for "option B", which may only mention the option
    """

    place: int
    letter: str | None
    firm: bool


def statements(text: str, item) -> list[Statement]:
    """Return all statements of a text in order. `item` is the `items.Item` whose letters and option texts count."""
    leads = list(LEAD.finditer(text))[-LEADS:]
    found = [made for lead in leads if (made := _introduced(text, lead, item)) is not None]
    found += _placed(text, item) if item.texts else []
    for pattern in (*DOUBTED, NOT_BUT, NOT_BUT_CJK, NEITHER, ELLIPSIS, CORRECTED, CHANGED, GROUNDED):
        for match in pattern.finditer(text):
            letter, start, end = match[match.lastindex], match.start(match.lastindex), match.end(match.lastindex)
            doubted = pattern in DOUBTED and _asked_or_joined(text, match)
            if letter in item.letters and not doubted:
                by_text = item.starts(text, start)  # "it is A. apus" may be another option's text
                found.append(Statement(end, by_text[0] if by_text else letter, True))
    return sorted(found, key=lambda statement: statement.place)


def _placed(text: str, item) -> list[Statement]:
    """Return statements about "the second option" and "option 2"."""
    return [
        Statement(match.end(), item.letters[place], True)
        for match, place in by_position(text, item.texts)
        if place < len(item.letters) and not _asked_or_joined(text, match)
    ]


def only_letter(sentence: str, letters: str) -> str | None:
    """Return the one letter that a sentence chooses without doubt or denial ("It has to be C"); else None."""
    found = list(ALONE.finditer(sentence))
    named = {match[0] for match in found if match[0] in letters}
    sentence = ELIMINATION.sub(lambda phrase: " " * len(phrase[0]), sentence)  # keeps the letters' positions
    if len(named) != 1 or DOUBT.search(sentence):
        return None
    letter = named.pop()
    for match in found:
        start = BEFORE_CHOICE.search(sentence[: match.start()])
        after = AFTER_CHOICE.match(sentence[match.end() :])
        if match[0] != letter and match[0] != "I":
            return None
        if match[0] == letter and start and after:
            return letter
    return None


def _introduced(text: str, lead: re.Match, item) -> Statement | None:
    """The option that follows "answer", "I choose" or "option", with filler words between."""
    if TAKEN_BACK.search(text, lead.start() - 40, lead.start()):
        return None
    if lead[0].lower() == "a:" and OPTION_LIST.search(text):
        return None
    place = NEAR.match(text, lead.end()).end()
    said = lead["mention"] is None or ":" in text[lead.end() : place]
    supposed = False
    for _ in range(FILLERS):
        value = read_value(text, place, item)
        if value is not None:
            letter, end = value
            if DENIED.match(text, end) or (supposed and _is_supposed(text, lead.start(), end)):
                return None
            return Statement(end, letter, said)
        filler = COPULA.match(text, place)
        said = said or filler is not None
        supposed = supposed or (filler is not None and filler[0].lower().startswith("would"))
        filler = filler or BETWEEN.match(text, place)
        if filler is None:
            return _introduced_value(text, place, said, item)
        place = filler.end()
    return None


def _introduced_value(text: str, place: int, said: bool, item) -> Statement | None:
    """The option whose value is at `place` in another spelling: "the answer is 25 percent"."""
    clause = CLAUSE.match(text, place)[0]
    letter = item.named_by(clause.strip(" *_:")) if re.search(r"\d", clause) else None
    return Statement(place + len(clause), letter, said) if letter else None


def _is_supposed(text: str, start: int, end: int) -> bool:
    """Whether "would be the answer" is hypothetical: "for children, ...", "... if it were viral"."""
    return SUPPOSED.match(text, end) is not None or BEFORE_SUPPOSED.search(text, max(0, start - 80), start) is not None


def read_value(text: str, place: int, item) -> tuple[str | None, int] | None:
    """Return (letter, where it ends) of the option named at `place`; letter None if several or no options are meant.

    An option's text wins over the letter that it begins with. None if no option is named there.
    """
    by_text = item.starts(text, place)
    if by_text is not None:
        return by_text
    match = LETTER.match(text, place)
    if match is None:
        return None
    letter, end = match[1], match.end()
    if text[match.start(1) - 1 : match.end(1) + 1] == f"({letter})":
        letter = letter.upper()  # (b) London
    ends = re.match(r"[\s.)\]*_`$!\"']*(?:$|\n)", text[match.end(1) : match.end(1) + 20]) is not None
    if letter.islower() and not ends:
        return None
    if letter.upper() not in item.letters:
        # "answer: I think" has a word; "the answer is E" with four options names none of them
        wrapped = text[match.end(1) : match.end(1) + 1] in (")", "*", ".", "]")
        return (None, end) if letter.isupper() and letter != "I" and (ends or wrapped) else None
    other = SEVERAL.match(text, end)
    if other and other[1] in item.letters and other[1] != letter.upper():
        return None, end
    after = text[match.end(1) : match.end(1) + 20]
    if not ends and letter in "AI" and re.match(r"\s+[a-z]", after) and not REASON.match(after):
        return None
    return letter.upper(), end


def _asked_or_joined(text: str, match: re.Match) -> bool:
    """Whether "B is correct" is a question, a condition or the end of "A and B are correct"."""
    before = text[max(0, match.start() - 30) : match.start(match.lastindex)]
    if "would be" in match[0] and SUPPOSED.match(text, match.end()):
        return True
    doubted = re.search(
        r"(?:\b(?i:if|whether|suppose|assume|neither|nor|not|unless|doubt|never|hardly|unlikely)\b|n['\u2019]t\b)"
        r"(?:(?!\b(?:so|but|thus|hence|therefore)\b)[^.,;\n])*$|[A-Z]\W{0,3}(?:and|or|,)\W{0,3}$",
        before,
    )
    if doubted and AMONG.search(before):  # "Between C and D, C is better."
        doubted = None
    return doubted is not None or ASKED.match(text, match.end()) is not None
