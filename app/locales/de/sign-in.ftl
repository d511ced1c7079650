# Sign-in, registration, and the links of e-mails

login-heading = Melden Sie sich an
login-email-link = Link per E-Mail senden
remember-me = Angemeldet bleiben
login-new-here = Neu hier?
sign-up = Registrieren

login-link-title = Anmeldung
login-link-heading = Sie werden angemeldet …
login-link-other = Sie sind als { $viewer } angemeldet. Wenn Sie fortfahren, endet diese Sitzung in diesem Browser.
login-link-submit = Weiter als { $email }
login-link-with-password = Stattdessen das Passwort verwenden

register = Registrieren
register-heading = Konto erstellen
register-password-hint = Mindestens 8 Zeichen
register-known = Sie haben schon ein Konto?

reset-password-title = Passwort zurücksetzen
reset-password-heading = Passwort zurücksetzen
reset-password-text = Wir senden Ihnen einen Link, mit dem Sie ein neues festlegen können.
reset-password-submit = Passwort zurücksetzen
reset-password-remembered = Wieder eingefallen?

verification = E-Mail-Bestätigung
verification-heading = Bestätigen Sie Ihre E-Mail-Adresse
verification-busy = Ihre E-Mail-Adresse wird bestätigt …
verification-text = Ein Klick, und Ihre Adresse ist bestätigt.
verification-submit = Bestätigen
verification-done = Geschafft! Ihre E-Mail-Adresse ist bestätigt
verification-done-text = Vielen Dank. Mehr ist nicht zu tun.
verification-failed = Fehler! Der Link ist ungültig
verification-failed-text =
    Der Link ist unvollständig, zu alt oder durch einen neueren ersetzt. Auf Ihrer Kontoseite können Sie einen neuen anfordern.
verification-account = Kontoeinstellungen

onward-title = Einen Moment
onward-heading = Einen Moment …
onward-text = Sie werden zu { $name } weitergeleitet.
onward-continue = Weiter zu { $name }

# Where the provider sends the browser back to

callback-go-on = Weiter
callback-over = Diese Anmeldung ist vorbei
callback-over-signed-in =
    Sie wurde noch einmal oder zu spät geöffnet. Sie sind als { $viewer } angemeldet, und nichts wurde geändert.
callback-over-signed-out =
    Sie wurde noch einmal, zu spät, in einem anderen Browser oder ohne die Cookies dieser Website geöffnet. Nichts wurde geändert.
callback-not-logged-in = Sie wurden nicht angemeldet
callback-declined = Sie haben bei { $provider } abgelehnt, oder Ihr Konto dort darf für diese Website nicht verwendet werden.
callback-must-ask = { $provider } konnte Sie nicht ohne eine Rückfrage anmelden. Bitte versuchen Sie es erneut.
callback-unavailable = { $provider } kann Sie gerade nicht anmelden. Bitte versuchen Sie es gleich noch einmal.
callback-misfit =
    { $provider } hat die Anfrage dieser Website nicht angenommen. Wenn das wieder geschieht, wenden Sie sich bitte an den Betreiber
    dieser Website.
callback-nothing-changed = Nichts wurde geändert
callback-not-recent =
    { $provider } hat Sie nicht erneut gefragt, wer Sie sind. Für diese Änderung ist das nötig. Bitte versuchen Sie es erneut.
callback-other-person =
    Bei { $provider } hat sich jemand anderes angemeldet. Bitte bestätigen Sie mit dem Konto, das Sie hier verwenden.
callback-other-person-than =
    Bei { $provider } hat sich jemand anderes angemeldet. Bitte bestätigen Sie mit dem Konto, das Sie hier verwenden: { $viewer }.
callback-ended = Sie wurden inzwischen bei { $provider } abgemeldet. Bitte versuchen Sie es erneut.
callback-unusable = Die Antwort von { $provider } war nicht verwendbar. Bitte versuchen Sie es erneut.
