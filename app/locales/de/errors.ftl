# What is wrong with a field

field-invalid-email = Ungültige E-Mail-Adresse
field-email-taken = Ein Konto mit dieser E-Mail-Adresse gibt es schon
field-short-password = Das Passwort muss mindestens 8 Zeichen haben
field-confirmation-missing = Bitte bestätigen Sie das Passwort
field-confirmation-due = Bitte bestätigen Sie Ihr Passwort
field-passwords-differ = Die Passwörter müssen übereinstimmen
field-wrong-password = Falsches Passwort
field-refused = Das kann nicht verwendet werden
field-password-missing = Bitte geben Sie Ihr Passwort ein
field-email-unchanged =
    Die Adresse ist unverändert: Eine andere wartet auf ihre Bestätigung. Öffnen Sie deren Link, oder geben Sie eine dritte ein
field-control-characters = Das Passwort darf keine Steuerzeichen enthalten
field-missing = Bitte füllen Sie dieses Feld aus
field-too-long = Das ist zu lang
field-not-chosen = Bitte treffen Sie eine Auswahl
field-wrong-current-password = Ihr aktuelles Passwort ist nicht richtig
field-current-password-missing = Bitte geben Sie Ihr aktuelles Passwort ein
field-too-short = Das ist zu kurz
field-breached-password = Dieses Passwort ist aus einem Datenleck bekannt. Bitte wählen Sie ein anderes.
field-weak-password = Dieses Passwort ist leicht zu erraten. Fügen Sie ein oder zwei Wörter hinzu.
field-weak-expected = Dieses Passwort ist leicht zu erraten: Ihre Adresse oder der Name dieser Website kommt darin vor.
field-weak-common = Dieses Passwort ist leicht zu erraten: Viele verwenden es oder ein ähnliches.
field-weak-word = Dieses Passwort ist leicht zu erraten: Es ist ein einzelnes Wort.
field-weak-name = Dieses Passwort ist leicht zu erraten: Es ist ein Name.
field-weak-keys = Dieses Passwort ist leicht zu erraten: Seine Tasten liegen nebeneinander.
field-weak-repeats = Dieses Passwort ist leicht zu erraten: Es wiederholt sich.
field-weak-sequence = Dieses Passwort ist leicht zu erraten: Es ist eine Folge wie abc oder 6543.
field-weak-date = Dieses Passwort ist leicht zu erraten: Es ist eine Jahreszahl oder ein Datum.

# The pages of problems: a heading and a sentence each

problem-bad-request = Diese Anfrage war nicht verständlich
problem-bad-request-text = Ein Feld fehlt oder ist fehlerhaft. Bitte gehen Sie zurück und versuchen Sie es erneut.
problem-cross-site = Diese Anfrage kam von einer anderen Website
problem-cross-site-text =
    Zu Ihrer Sicherheit kann dieses Formular nur von dieser Website gesendet werden. Nichts wurde geändert.
problem-cookies-blocked = Cookies sind blockiert
problem-cookies-blocked-text =
    Ihr Browser speichert keine Cookies dieser Website, und ohne sie kann niemand angemeldet bleiben. Nichts wurde geändert:
    Erlauben Sie Cookies für diese Website, und versuchen Sie es erneut.
problem-forbidden = Nicht erlaubt
problem-forbidden-text = Ihr Konto darf diese Seite nicht sehen.
problem-not-found = Seite nicht gefunden
problem-not-found-text = Unter dieser Adresse gibt es keine Seite.
problem-method-not-allowed = Das ist hier nicht möglich
problem-method-not-allowed-text = Diese Adresse kann so nicht verwendet werden.
problem-request-timeout = Das hat zu lange gedauert
problem-request-timeout-text = Die Anfrage ist nicht rechtzeitig angekommen. Bitte versuchen Sie es erneut.
problem-payload-too-large = Das war zu viel auf einmal
problem-payload-too-large-text = Das Formular ist größer als erlaubt. Nichts wurde geändert.
problem-unsupported-media-type-text = Hier werden Formulare erwartet, kodiert als application/x-www-form-urlencoded.
problem-too-many-requests = Zu viele Versuche
problem-too-many-requests-text = Zur Sicherheit Ihres Kontos gibt es vor dem nächsten Versuch eine Pause.
problem-misdirected-request = Unter diesem Namen gibt es nichts
problem-misdirected-request-text = Diese Anwendung ist unter diesem Hostnamen nicht erreichbar.
problem-internal = Etwas ist schiefgegangen
problem-internal-text = Das ist unser Fehler. Bitte versuchen Sie es gleich noch einmal.
problem-session-too-large = Ihre Sitzung ist zu groß
problem-session-too-large-text =
    Die Sitzung dieses Kontos ist größer, als diese Website erlaubt, und konnte deshalb nicht gespeichert werden. Sie sind weiterhin
    angemeldet. Der Betreiber dieser Website kann die Grenze SESSION_HEADER_BUDGET erhöhen.
problem-unavailable = Vorübergehend nicht verfügbar
problem-unavailable-text =
    Unsere Server sind gerade nicht erreichbar. Sie sind weiterhin angemeldet; bitte versuchen Sie es gleich noch einmal.
problem-unavailable-long-text = Unsere Server sind gerade nicht erreichbar. Sie sind weiterhin angemeldet.
problem-go-back = Zurück zum Formular

# In the browser, if there is no answer
no-answer = Wir sind gerade nicht erreichbar. Bitte versuchen Sie es gleich noch einmal.
