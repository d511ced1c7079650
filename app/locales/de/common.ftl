# The parts that many pages have.

tagline =
    Anmeldung, Sitzungen und Kontoseiten vor der API, die Sie schon haben. Tokens bleiben auf dem Server; der Browser sieht nur
    Seiten.

skip-to-content = Zum Inhalt springen
breadcrumb = Pfadnavigation
breadcrumb-home = Startseite
login = Anmelden
toggle-theme = Farbschema wechseln
theme-light = Hell
theme-dark = Dunkel
theme-system = System
account-menu = Kontomenü
account-menu-settings = Einstellungen
account-menu-logout = Abmelden
language = Sprache

notifications = Benachrichtigungen Alt+T
notification-close = Benachrichtigung schließen
notification-support-code = Support-Code { $code }
reference = Referenz: { $reference }
request = Anfrage { $id }

password-show = Anzeigen
password-hide = Verbergen
password-which = { " (Label)" }

email = E-Mail-Adresse
email-example = name@example.com
password = Passwort
password-example = *********
password-confirmation = Passwort bestätigen
forgot-password = Passwort vergessen
try-again = Erneut versuchen
go-home = Zur Startseite
go-back = Zurück
delete-account = Konto löschen
cancel = Abbrechen
are-you-sure = Sind Sie sicher?

wait = { $unit ->
    [hours] { $count ->
        [one] { $count } Stunde
       *[other] { $count } Stunden
    }
    [minutes] { $count ->
        [one] { $count } Minute
       *[other] { $count } Minuten
    }
   *[seconds] { $count ->
        [one] { $count } Sekunde
       *[other] { $count } Sekunden
    }
}
try-again-in = Bitte versuchen Sie es in { wait } erneut.
try-again-in-about = Bitte versuchen Sie es in etwa { wait } erneut.

just-now = Gerade eben
ago = Vor { $unit ->
    [days] { $count ->
        [one] { $count } Tag
       *[other] { $count } Tagen
    }
    [hours] { $count ->
        [one] { $count } Stunde
       *[other] { $count } Stunden
    }
   *[minutes] { $count ->
        [one] { $count } Minute
       *[other] { $count } Minuten
    }
}

date-time = { $date }, { $time } UTC
date = { $day }. { $month ->
    [1] Januar
    [2] Februar
    [3] März
    [4] April
    [5] Mai
    [6] Juni
    [7] Juli
    [8] August
    [9] September
    [10] Oktober
    [11] November
   *[12] Dezember
} { $year }
session-end = Ihre Sitzung endet bald. Melden Sie sich in einem neuen Tab noch einmal an: Ihre Eingaben bleiben hier.
session-end-stay = Angemeldet bleiben
