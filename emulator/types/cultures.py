"""The cultures that FORMAT and PARSE know: how numbers, money, dates and times are written.

Sources: documentation pages "FORMAT (Transact-SQL)" and "PARSE (Transact-SQL)"; .NET: ``NumberFormatInfo``,
``DateTimeFormatInfo`` with the patterns' meanings, and the cultures' values on Windows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from emulator.errors import NotSupported, sql_error

NO_BREAK_SPACE: Final = "\u00a0"


@dataclass(frozen=True, slots=True)
class Names:
    """The names of months and days. ``days`` and ``short_days`` begin with Monday."""

    months: tuple[str, ...]
    short_months: tuple[str, ...]
    days: tuple[str, ...]
    short_days: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Culture:
    """One culture.

    In ``currency_patterns`` (positive, negative) and ``percent_patterns`` ``#`` is the number and ``$`` the sign.
    """

    name: str
    lcid: int
    names: Names
    decimal: str = ","
    group: str = "."
    currency: str = "€"
    currency_patterns: tuple[str, str] = ("# $", "-# $")
    currency_digits: int = 2
    percent_patterns: tuple[str, str] = ("# %", "-# %")
    date_separator: str = "/"
    time_separator: str = ":"
    short_date: str = "dd/MM/yyyy"
    long_date: str = "dddd d MMMM yyyy"
    short_time: str = "HH:mm"
    long_time: str = "HH:mm:ss"
    month_day: str = "d MMMM"
    year_month: str = "MMMM yyyy"
    halves: tuple[str, str] = ("", "")
    """The words for before and after noon."""

    @property
    def order(self) -> str:
        """The order of day, month and year in dates of numbers."""
        return "".join(sorted("dmy", key=self.short_date.lower().index))


def _names(months: str, short_months: str, days: str, short_days: str) -> Names:
    return Names(*(tuple(text.split(",")) for text in (months, short_months, days, short_days)))


_ENGLISH = _names(
    "January,February,March,April,May,June,July,August,September,October,November,December",
    "Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec",
    "Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday",
    "Mon,Tue,Wed,Thu,Fri,Sat,Sun",
)
EN_US: Final = Culture(
    "en-US",
    1033,
    _ENGLISH,
    decimal=".",
    group=",",
    currency="$",
    currency_patterns=("$#", "($#)"),
    percent_patterns=("#%", "-#%"),
    short_date="M/d/yyyy",
    long_date="dddd, MMMM d, yyyy",
    short_time="h:mm tt",
    long_time="h:mm:ss tt",
    month_day="MMMM d",
    halves=("AM", "PM"),
)
_INVARIANT = replace(
    EN_US,
    name="",
    lcid=127,
    currency="¤",
    currency_patterns=("$#", "($#)"),
    percent_patterns=("# %", "-# %"),
    short_date="MM/dd/yyyy",
    long_date="dddd, dd MMMM yyyy",
    short_time="HH:mm",
    long_time="HH:mm:ss",
    month_day="MMMM dd",
    year_month="yyyy MMMM",
)
_EN_GB = replace(
    EN_US,
    name="en-GB",
    lcid=2057,
    currency="£",
    currency_patterns=("$#", "-$#"),
    short_date="dd/MM/yyyy",
    long_date="dd MMMM yyyy",
    short_time="HH:mm",
    long_time="HH:mm:ss",
    month_day="d MMMM",
)
_DE = Culture(
    "de-DE",
    1031,
    _names(
        "Januar,Februar,März,April,Mai,Juni,Juli,August,September,Oktober,November,Dezember",
        "Jan,Feb,Mrz,Apr,Mai,Jun,Jul,Aug,Sep,Okt,Nov,Dez",
        "Montag,Dienstag,Mittwoch,Donnerstag,Freitag,Samstag,Sonntag",
        "Mo,Di,Mi,Do,Fr,Sa,So",
    ),
    date_separator=".",
    short_date="dd.MM.yyyy",
    long_date="dddd, d. MMMM yyyy",
    month_day="d. MMMM",
)
_FR = Culture(
    "fr-FR",
    1036,
    _names(
        "janvier,février,mars,avril,mai,juin,juillet,août,septembre,octobre,novembre,décembre",
        "janv.,févr.,mars,avr.,mai,juin,juil.,août,sept.,oct.,nov.,déc.",
        "lundi,mardi,mercredi,jeudi,vendredi,samedi,dimanche",
        "lun.,mar.,mer.,jeu.,ven.,sam.,dim.",
    ),
    group=NO_BREAK_SPACE,
)
_ES = Culture(
    "es-ES",
    3082,
    _names(
        "enero,febrero,marzo,abril,mayo,junio,julio,agosto,septiembre,octubre,noviembre,diciembre",
        "ene.,feb.,mar.,abr.,may.,jun.,jul.,ago.,sep.,oct.,nov.,dic.",
        "lunes,martes,miércoles,jueves,viernes,sábado,domingo",
        "lun.,mar.,mié.,jue.,vie.,sáb.,dom.",
    ),
    long_date="dddd, d' de 'MMMM' de 'yyyy",
    short_time="H:mm",
    long_time="H:mm:ss",
    month_day="d' de 'MMMM",
    year_month="MMMM' de 'yyyy",
)
_IT = Culture(
    "it-IT",
    1040,
    _names(
        "gennaio,febbraio,marzo,aprile,maggio,giugno,luglio,agosto,settembre,ottobre,novembre,dicembre",
        "gen,feb,mar,apr,mag,giu,lug,ago,set,ott,nov,dic",
        "lunedì,martedì,mercoledì,giovedì,venerdì,sabato,domenica",
        "lun,mar,mer,gio,ven,sab,dom",
    ),
    percent_patterns=("#%", "-#%"),
)
_NL = Culture(
    "nl-NL",
    1043,
    _names(
        "januari,februari,maart,april,mei,juni,juli,augustus,september,oktober,november,december",
        "jan,feb,mrt,apr,mei,jun,jul,aug,sep,okt,nov,dec",
        "maandag,dinsdag,woensdag,donderdag,vrijdag,zaterdag,zondag",
        "ma,di,wo,do,vr,za,zo",
    ),
    currency_patterns=("$ #", "$ -#"),
    percent_patterns=("#%", "-#%"),
    date_separator="-",
    short_date="d-M-yyyy",
)
_PT_BR = Culture(
    "pt-BR",
    1046,
    _names(
        "janeiro,fevereiro,março,abril,maio,junho,julho,agosto,setembro,outubro,novembro,dezembro",
        "jan,fev,mar,abr,mai,jun,jul,ago,set,out,nov,dez",
        "segunda-feira,terça-feira,quarta-feira,quinta-feira,sexta-feira,sábado,domingo",
        "seg,ter,qua,qui,sex,sáb,dom",
    ),
    currency="R$",
    currency_patterns=("$ #", "-$ #"),
    percent_patterns=("#%", "-#%"),
    long_date="dddd, d' de 'MMMM' de 'yyyy",
    month_day="d' de 'MMMM",
    year_month="MMMM' de 'yyyy",
)
_SV = Culture(
    "sv-SE",
    1053,
    _names(
        "januari,februari,mars,april,maj,juni,juli,augusti,september,oktober,november,december",
        "jan,feb,mar,apr,maj,jun,jul,aug,sep,okt,nov,dec",
        "måndag,tisdag,onsdag,torsdag,fredag,lördag,söndag",
        "mån,tis,ons,tor,fre,lör,sön",
    ),
    group=NO_BREAK_SPACE,
    currency="kr",
    date_separator="-",
    short_date="yyyy-MM-dd",
    long_date="'den 'd MMMM yyyy",
    month_day="'den 'd MMMM",
)
_DA = Culture(
    "da-DK",
    1030,
    _names(
        "januar,februar,marts,april,maj,juni,juli,august,september,oktober,november,december",
        "jan,feb,mar,apr,maj,jun,jul,aug,sep,okt,nov,dec",
        "mandag,tirsdag,onsdag,torsdag,fredag,lørdag,søndag",
        "ma,ti,on,to,fr,lø,sø",
    ),
    currency="kr.",
    date_separator="-",
    short_date="dd-MM-yyyy",
    long_date="d. MMMM yyyy",
    month_day="d. MMMM",
)
_NUMBERED_MONTHS = ",".join(f"{number}月" for number in range(1, 13))
_JA = Culture(
    "ja-JP",
    1041,
    _names(
        _NUMBERED_MONTHS,
        ",".join(str(number) for number in range(1, 13)),
        "月曜日,火曜日,水曜日,木曜日,金曜日,土曜日,日曜日",
        "月,火,水,木,金,土,日",
    ),
    decimal=".",
    group=",",
    currency="¥",
    currency_patterns=("$#", "-$#"),
    currency_digits=0,
    percent_patterns=("#%", "-#%"),
    short_date="yyyy/MM/dd",
    long_date="yyyy'年'M'月'd'日'",
    short_time="H:mm",
    long_time="H:mm:ss",
    month_day="M'月'd'日'",
    year_month="yyyy'年'M'月'",
    halves=("午前", "午後"),
)
_ZH_CN = replace(
    _JA,
    name="zh-CN",
    lcid=2052,
    names=_names(
        "一月,二月,三月,四月,五月,六月,七月,八月,九月,十月,十一月,十二月",
        _NUMBERED_MONTHS,
        "星期一,星期二,星期三,星期四,星期五,星期六,星期日",
        "周一,周二,周三,周四,周五,周六,周日",
    ),
    currency_patterns=("$#", "$-#"),
    currency_digits=2,
    short_date="yyyy/M/d",
    halves=("上午", "下午"),
)
CULTURES: Final = (EN_US, _INVARIANT, _EN_GB, _DE, _FR, _ES, _IT, _NL, _PT_BR, _SV, _DA, _JA, _ZH_CN)
_BY_NAME: Final = {culture.name.lower(): culture for culture in CULTURES} | {
    "": _INVARIANT,
    "iv": _INVARIANT,
    **{culture.name[:2].lower(): culture for culture in reversed(CULTURES) if culture.name},
}
_BY_LCID: Final = {culture.lcid: culture for culture in CULTURES}

_OTHER_LANGUAGES: Final = (
    "af am ar as az be bg bn br bs ca cs cy el et eu fa fi fil fo fy ga gl gu ha he hi hr hsb hu hy id ig ii is iu ka "
    "kk kl km kn ko kok ky lb lo lt lv mi mk ml mn moh mr ms mt my nb ne nn no nso oc or pa pl ps qut quz rm ro ru rw "
    "sah se si sk sl sma smj smn sms sq sr sw syr ta te tg th tk tn tr tt tzm ug uk ur uz vi wo xh yo zu"
)
"""Languages that .NET has cultures of and this module has not."""


def find_culture(name: str) -> Culture:
    """The culture of that name, in any case. Errors: 9818 there is none such; NotSupported: it is not known here."""
    folded = name.strip().lower()
    found = _BY_NAME.get(folded)
    if found is not None:
        return found
    language = folded.partition("-")[0]
    if language in _OTHER_LANGUAGES.split() or language in _BY_NAME:
        raise NotSupported(f"culture {name}")
    raise sql_error(9818, name)


def culture_of_language(lcid: int, name: str) -> Culture:
    """The culture of a language of SET LANGUAGE. NotSupported: it is not known here."""
    found = _BY_LCID.get(lcid)
    if found is None:
        raise NotSupported(f"the culture of language {name}")
    return found
