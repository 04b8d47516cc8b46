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
        *(11, "Svenska", "Swedish", "ymd", 1, 1053),
        "januari,februari,mars,april,maj,juni,juli,augusti,september,oktober,november,december",
        "jan,feb,mar,apr,maj,jun,jul,aug,sep,okt,nov,dec",
        "måndag,tisdag,onsdag,torsdag,fredag,lördag,söndag",
    ),
    _language(23, "British", "British English", "dmy", 1, 2057, *_ENGLISH),
    _language(27, "Português (Brasil)", "Brazilian", "dmy", 7, 1046, *_PORTUGUESE),
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
