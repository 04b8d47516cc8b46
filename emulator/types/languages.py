"""The languages that SET LANGUAGE knows, and the conventions for dates in text that follow from them.

What is in force is a context variable: every task of the scheduler has a context of its own, so that functions of plain
values need not be handed the session for the rare text that depends on it.

Documentation: ``sys.syslanguages``, "SET LANGUAGE", "SET DATEFORMAT (Transact-SQL)".
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache

DATE_ORDERS = ("mdy", "dmy", "ymd", "ydm", "myd", "dym")


@dataclass(frozen=True, slots=True)
class Language:
    """A row of ``sys.syslanguages``. ``datefirst``: 1 is Monday. ``days`` begin with Monday."""

    langid: int
    name: str
    alias: str
    dateformat: str
    datefirst: int
    lcid: int
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    days: tuple[str, ...]


def _language(langid: int, name: str, alias: str, order: str, first: int, lcid: int, *names: str) -> Language:
    months, short_months, days = (tuple(text.split(",")) for text in names)
    return Language(langid, name, alias, order, first, lcid, months, short_months, days)


_ENGLISH = (
    "January,February,March,April,May,June,July,August,September,October,November,December",
    "Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec",
    "Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday",
)
_PORTUGUESE = (
    "janeiro,fevereiro,março,abril,maio,junho,julho,agosto,setembro,outubro,novembro,dezembro",
    "jan,fev,mar,abr,mai,jun,jul,ago,set,out,nov,dez",
    "segunda-feira,terça-feira,quarta-feira,quinta-feira,sexta-feira,sábado,domingo",
)
_BULGARIAN = "януари,февруари,март,април,май,юни,юли,август,септември,октомври,ноември,декември"
_CHINESE_DAYS = "星期一,星期二,星期三,星期四,星期五,星期六,星期日"
_NUMBERS = "01,02,03,04,05,06,07,08,09,10,11,12"
_ROMAN = "I,II,III,IV,V,VI,VII,VIII,IX,X,XI,XII"
US_ENGLISH = _language(0, "us_english", "English", "mdy", 7, 1033, *_ENGLISH)
LANGUAGES = (
    US_ENGLISH,
    _language(
        *(1, "Deutsch", "German", "dmy", 1, 1031),
        "Januar,Februar,März,April,Mai,Juni,Juli,August,September,Oktober,November,Dezember",
        "Jan,Feb,Mär,Apr,Mai,Jun,Jul,Aug,Sep,Okt,Nov,Dez",
        "Montag,Dienstag,Mittwoch,Donnerstag,Freitag,Samstag,Sonntag",
    ),
    _language(
        *(2, "Français", "French", "dmy", 1, 1036),
        "janvier,février,mars,avril,mai,juin,juillet,août,septembre,octobre,novembre,décembre",
        "janv,févr,mars,avr,mai,juin,juil,août,sept,oct,nov,déc",
        "lundi,mardi,mercredi,jeudi,vendredi,samedi,dimanche",
    ),
    _language(
        *(3, "日本語", "Japanese", "ymd", 7, 1041),
        _NUMBERS,
        _NUMBERS,
        "月曜日,火曜日,水曜日,木曜日,金曜日,土曜日,日曜日",
    ),
    _language(
        *(4, "Dansk", "Danish", "dmy", 1, 1030),
        "januar,februar,marts,april,maj,juni,juli,august,september,oktober,november,december",
        "jan,feb,mar,apr,maj,jun,jul,aug,sep,okt,nov,dec",
        "mandag,tirsdag,onsdag,torsdag,fredag,lørdag,søndag",
    ),
    _language(
        *(5, "Español", "Spanish", "dmy", 1, 3082),
        "Enero,Febrero,Marzo,Abril,Mayo,Junio,Julio,Agosto,Septiembre,Octubre,Noviembre,Diciembre",
        "Ene,Feb,Mar,Abr,May,Jun,Jul,Ago,Sep,Oct,Nov,Dic",
        "Lunes,Martes,Miércoles,Jueves,Viernes,Sábado,Domingo",
    ),
    _language(
        *(6, "Italiano", "Italian", "dmy", 1, 1040),
        "gennaio,febbraio,marzo,aprile,maggio,giugno,luglio,agosto,settembre,ottobre,novembre,dicembre",
        "gen,feb,mar,apr,mag,giu,lug,ago,set,ott,nov,dic",
        "lunedì,martedì,mercoledì,giovedì,venerdì,sabato,domenica",
    ),
    _language(
        *(7, "Nederlands", "Dutch", "dmy", 1, 1043),
        "januari,februari,maart,april,mei,juni,juli,augustus,september,oktober,november,december",
        "jan,feb,mrt,apr,mei,jun,jul,aug,sep,okt,nov,dec",
        "maandag,dinsdag,woensdag,donderdag,vrijdag,zaterdag,zondag",
    ),
    _language(
        *(8, "Norsk", "Norwegian", "dmy", 1, 2068),
        "januar,februar,mars,april,mai,juni,juli,august,september,oktober,november,desember",
        "jan,feb,mar,apr,mai,jun,jul,aug,sep,okt,nov,des",
        "mandag,tirsdag,onsdag,torsdag,fredag,lørdag,søndag",
    ),
    _language(9, "Português", "Portuguese", "dmy", 7, 2070, *_PORTUGUESE),
    _language(
        *(10, "Suomi", "Finnish", "dmy", 1, 1035),
        "tammikuuta,helmikuuta,maaliskuuta,huhtikuuta,toukokuuta,kesäkuuta,heinäkuuta,elokuuta,syyskuuta,lokakuuta,marraskuuta,joulukuuta",
        "tammi,helmi,maalis,huhti,touko,kesä,heinä,elo,syys,loka,marras,joulu",
        "maanantai,tiistai,keskiviikko,torstai,perjantai,lauantai,sunnuntai",
    ),
    _language(
        *(11, "Svenska", "Swedish", "ymd", 1, 1053),
        "januari,februari,mars,april,maj,juni,juli,augusti,september,oktober,november,december",
        "jan,feb,mar,apr,maj,jun,jul,aug,sep,okt,nov,dec",
        "måndag,tisdag,onsdag,torsdag,fredag,lördag,söndag",
    ),
    _language(
        *(12, "čeština", "Czech", "dmy", 1, 1029),
        "leden,únor,březen,duben,květen,červen,červenec,srpen,září,říjen,listopad,prosinec",
        _ROMAN,
        "pondělí,úterý,středa,čtvrtek,pátek,sobota,neděle",
    ),
    _language(
        *(13, "magyar", "Hungarian", "ymd", 1, 1038),
        "január,február,március,április,május,június,július,augusztus,szeptember,október,november,december",
        "jan,febr,márc,ápr,máj,jún,júl,aug,szept,okt,nov,dec",
        "hétfő,kedd,szerda,csütörtök,péntek,szombat,vasárnap",
    ),
    _language(
        *(14, "polski", "Polish", "dmy", 1, 1045),
        "styczeń,luty,marzec,kwiecień,maj,czerwiec,lipiec,sierpień,wrzesień,październik,listopad,grudzień",
        _ROMAN,
        "poniedziałek,wtorek,środa,czwartek,piątek,sobota,niedziela",
    ),
    _language(
        *(15, "română", "Romanian", "dmy", 1, 1048),
        "ianuarie,februarie,martie,aprilie,mai,iunie,iulie,august,septembrie,octombrie,noiembrie,decembrie",
        "Ian,Feb,Mar,Apr,Mai,Iun,Iul,Aug,Sep,Oct,Nov,Dec",
        "luni,marţi,miercuri,joi,vineri,sîmbătă,duminică",
    ),
    _language(
        *(16, "hrvatski", "Croatian", "ymd", 1, 1050),
        "siječanj,veljača,ožujak,travanj,svibanj,lipanj,srpanj,kolovoz,rujan,listopad,studeni,prosinac",
        "sij,vel,ožu,tra,svi,lip,srp,kol,ruj,lis,stu,pro",
        "ponedjeljak,utorak,srijeda,četvrtak,petak,subota,nedjelja",
    ),
    _language(
        *(17, "slovenčina", "Slovak", "dmy", 1, 1051),
        "január,február,marec,apríl,máj,jún,júl,august,september,október,november,december",
        _ROMAN,
        "pondelok,utorok,streda,štvrtok,piatok,sobota,nedeľa",
    ),
    _language(
        *(18, "slovenski", "Slovenian", "dmy", 1, 1060),
        "januar,februar,marec,april,maj,junij,julij,avgust,september,oktober,november,december",
        "jan,feb,mar,apr,maj,jun,jul,avg,sept,okt,nov,dec",
        "ponedeljek,torek,sreda,četrtek,petek,sobota,nedelja",
    ),
    _language(
        *(19, "ελληνικά", "Greek", "dmy", 1, 1032),
        "Ιανουαρίου,Φεβρουαρίου,Μαρτίου,Απριλίου,Μαΐου,Ιουνίου,Ιουλίου,Αυγούστου,Σεπτεμβρίου,Οκτωβρίου,Νοεμβρίου,Δεκεμβρίου",
        "Ιαν,Φεβ,Μαρ,Απρ,Μαϊ,Ιουν,Ιουλ,Αυγ,Σεπ,Οκτ,Νοε,Δεκ",  # noqa: RUF001
        "Δευτέρα,Τρίτη,Τετάρτη,Πέμπτη,Παρασκευή,Σάββατο,Κυριακή",
    ),
    _language(
        *(20, "български", "Bulgarian", "dmy", 1, 1026),
        _BULGARIAN,
        _BULGARIAN,
        "понеделник,вторник,сряда,четвъртък,петък,събота,неделя",
    ),
    _language(
        *(21, "русский", "Russian", "dmy", 1, 1049),
        "Январь,Февраль,Март,Апрель,Май,Июнь,Июль,Август,Сентябрь,Октябрь,Ноябрь,Декабрь",
        "янв,фев,мар,апр,май,июн,июл,авг,сен,окт,ноя,дек",
        "понедельник,вторник,среда,четверг,пятница,суббота,воскресенье",
    ),
    _language(
        *(22, "Türkçe", "Turkish", "dmy", 1, 1055),
        "Ocak,Şubat,Mart,Nisan,Mayıs,Haziran,Temmuz,Ağustos,Eylül,Ekim,Kasım,Aralık",  # noqa: RUF001
        "Oca,Şub,Mar,Nis,May,Haz,Tem,Ağu,Eyl,Eki,Kas,Ara",
        "Pazartesi,Salı,Çarşamba,Perşembe,Cuma,Cumartesi,Pazar",  # noqa: RUF001
    ),
    _language(23, "British", "British English", "dmy", 1, 2057, *_ENGLISH),
    _language(
        *(24, "eesti", "Estonian", "dmy", 1, 1061),
        "jaanuar,veebruar,märts,aprill,mai,juuni,juuli,august,september,oktoober,november,detsember",
        "jaan,veebr,märts,apr,mai,juuni,juuli,aug,sept,okt,nov,dets",
        "esmaspäev,teisipäev,kolmapäev,neljapäev,reede,laupäev,pühapäev",
    ),
    _language(
        *(25, "latviešu", "Latvian", "ymd", 1, 1062),
        "janvāris,februāris,marts,aprīlis,maijs,jūnijs,jūlijs,augusts,septembris,oktobris,novembris,decembris",
        "jan,feb,mar,apr,mai,jūn,jūl,aug,sep,okt,nov,dec",
        "pirmdiena,otrdiena,trešdiena,ceturtdiena,piektdiena,sestdiena,svētdiena",
    ),
    _language(
        *(26, "lietuvių", "Lithuanian", "ymd", 1, 1063),
        "sausis,vasaris,kovas,balandis,gegužė,birželis,liepa,rugpjūtis,rugsėjis,spalis,lapkritis,gruodis",
        "sau,vas,kov,bal,geg,bir,lie,rgp,rgs,spl,lap,grd",
        "pirmadienis,antradienis,trečiadienis,ketvirtadienis,penktadienis,šeštadienis,sekmadienis",
    ),
    _language(27, "Português (Brasil)", "Brazilian", "dmy", 7, 1046, *_PORTUGUESE),
    _language(
        *(28, "繁體中文", "Traditional Chinese", "ymd", 7, 1028),
        _NUMBERS,
        _NUMBERS,
        _CHINESE_DAYS,
    ),
    _language(
        *(29, "한국어", "Korean", "ymd", 7, 1042),
        _NUMBERS,
        _NUMBERS,
        "월요일,화요일,수요일,목요일,금요일,토요일,일요일",
    ),
    _language(
        *(30, "简体中文", "Simplified Chinese", "ymd", 7, 2052),
        _NUMBERS,
        _NUMBERS,
        _CHINESE_DAYS,
    ),
    _language(
        *(32, "ไทย", "Thai", "dmy", 7, 1054),
        "มกราคม,กุมภาพันธ์,มีนาคม,เมษายน,พฤษภาคม,มิถุนายน,กรกฎาคม,สิงหาคม,กันยายน,ตุลาคม,พฤศจิกายน,ธันวาคม",
        "ม.ค.,ก.พ.,มี.ค.,เม.ย.,พ.ค.,มิ.ย.,ก.ค.,ส.ค.,ก.ย.,ต.ค.,พ.ย.,ธ.ค.",
        "จันทร์,อังคาร,พุธ,พฤหัสบดี,ศุกร์,เสาร์,อาทิตย์",
    ),
)


def find_language(name: str) -> Language | None:
    """The language of that name or alias, in any case."""
    wanted = name.lower()
    return next((item for item in LANGUAGES if wanted in (item.name.lower(), item.alias.lower())), None)


@dataclass(frozen=True, slots=True)
class Conventions:
    """How dates are read from text and written: the order of day, month and year in numbers, and the names."""

    order: str
    language: Language


@cache
def conventions(order: str, language: Language) -> Conventions:
    """The same object for the same conventions."""
    return Conventions(order, language)


STANDARD = conventions(US_ENGLISH.dateformat, US_ENGLISH)
CURRENT: ContextVar[Conventions] = ContextVar("conventions", default=STANDARD)
"""Those of the session whose request is running."""
