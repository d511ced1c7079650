# Signing in with a passkey, and the pages on which people add them

login-passkey = Mit einem Passkey anmelden
passkey-needs-script = Passkeys brauchen JavaScript und einen Browser, der sie kennt. Alles andere geht ohne.
passkey-cancelled = Es ist nichts geschehen: Die Frage des Browsers wurde abgebrochen, oder es hat zu lange gedauert.
passkey-known-here = Dieses Gerät hat schon einen Passkey für Ihr Konto.
passkey-no-authenticator =
    Dieses Gerät kann das nicht. Es braucht eine Bildschirmsperre wie eine PIN oder einen Fingerabdruck, oder einen
    Sicherheitsschlüssel.
passkey-elsewhere = Unter dieser Adresse der Seite gehen Passkeys nicht.
passkey-failed = Der Browser konnte keinen Passkey verwenden. Bitte versuchen Sie es noch einmal.

passkeys = Passkeys
passkeys-lead =
    Mit einem Passkey melden Sie sich mit Fingerabdruck, Gesicht oder der PIN Ihres Geräts an: ohne Passwort und ohne Code.
passkeys-section-lead = Anmelden mit Fingerabdruck, Gesicht oder der PIN Ihres Geräts.
passkeys-show = Ihre Passkeys
passkeys-none = Sie haben noch keine Passkeys.
passkey = Passkey
passkey-created = Hinzugefügt
passkey-last-used = Zuletzt verwendet
passkey-never-used = Noch nie
passkey-backed-up = Von einem Passwortmanager aufbewahrt
passkey-blocked = Gesperrt: Vielleicht gibt es eine Kopie davon. Entfernen Sie ihn, und fügen Sie einen neuen hinzu.
passkey-change = Ändern
passkey-change-named = { $name } ändern
passkey-add-heading = Passkey hinzufügen
passkey-add-lead =
    Geben Sie ihm einen Namen, an dem Sie das Gerät oder den Passwortmanager erkennen. Dann fragt Ihr Browser danach.
passkey-name = Name
passkey-add = Passkey hinzufügen
field-passkey-name = Bitte geben Sie einen Namen mit höchstens 60 Zeichen ein
passkey-rename = Umbenennen
passkey-rename-submit = Speichern
passkey-remove = Passkey entfernen
passkey-remove-lead =
    Niemand kann sich mehr mit ihm anmelden. Entfernen Sie ihn auch von Ihrem Gerät oder aus Ihrem Passwortmanager.
passkey-remove-text = Damit wird { $name } entfernt. Niemand kann sich mehr mit diesem Passkey anmelden.

message-passkey-added = Sie können sich ab jetzt mit diesem Passkey anmelden.
message-passkey-renamed = Der Passkey hat seinen neuen Namen.
message-passkey-removed = Der Passkey ist entfernt. Niemand kann sich mehr mit ihm anmelden.
message-passkey-refused =
    Die Anmeldung ist fehlgeschlagen. Dieser Passkey wird hier nicht angenommen. Bitte melden Sie sich mit Ihrem Passwort an.
message-passkey-over = Das hat zu lange gedauert. Bitte versuchen Sie es noch einmal.
message-passkey-unverified = Bitte bestätigen Sie zuerst Ihre E-Mail-Adresse. Dann können Sie einen Passkey hinzufügen.
message-too-many-passkeys = Sie haben so viele Passkeys, wie ein Konto haben kann. Entfernen Sie zuerst einen.
message-passkey-known = Dieser Passkey ist schon registriert.
message-passkey-not-accepted = Dieser Passkey wurde nicht angenommen. Er muss nach Fingerabdruck, Gesicht oder PIN fragen.
message-no-such-passkey = Sie haben diesen Passkey nicht mehr.

activity-passkey-added = Passkey hinzugefügt
activity-passkey-removed = Passkey entfernt
activity-passkey-blocked = Passkey gesperrt, weil es vielleicht eine Kopie davon gibt
