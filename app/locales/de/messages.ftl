# Messages for the next page

message-sign-in-failed = Anmeldung fehlgeschlagen. Bitte prüfen Sie Ihre Zugangsdaten.
message-too-many-tries = Zu viele Versuche. Bitte warten Sie einen Moment, und versuchen Sie es erneut.
message-too-many-tries-wait = Zu viele Versuche. { try-again-in }
message-unavailable = Unsere Server sind gerade nicht erreichbar. Bitte versuchen Sie es gleich noch einmal.
message-signed-out = Sie wurden abgemeldet.
message-session-too-large =
    Sie können nicht angemeldet werden: Die Sitzung dieses Kontos ist größer, als diese Website erlaubt. Der Betreiber dieser
    Website kann die Grenze SESSION_HEADER_BUDGET erhöhen.
message-link-failed = Die automatische Anmeldung ist fehlgeschlagen. Bitte melden Sie sich selbst an.
message-link-damaged =
    Die automatische Anmeldung ist fehlgeschlagen. Bitte melden Sie sich selbst an. Der Link ist beschädigt: Öffnen Sie ihn erneut
    in der E-Mail, oder kopieren Sie ihn vollständig.
message-no-room-for-link =
    Neben dem, was dieser Browser von dieser Website speichert, ist kein Platz für diesen Link. Melden Sie sich ab, oder löschen Sie
    die Cookies dieser Website, und öffnen Sie ihn erneut in der E-Mail.
message-welcome = Willkommen! Wir haben Ihnen eine E-Mail gesendet, mit der Sie Ihre Adresse bestätigen.
message-registered = Willkommen! Ihr Konto wurde erstellt.
message-perhaps-registered =
    Falls zu dieser Adresse kein Konto gehörte, gibt es jetzt eines. Wenn Sie eine E-Mail von uns erhalten haben, folgen Sie zuerst
    ihrem Link. Melden Sie sich dann an.
message-registered-only = Ihr Konto wurde erstellt. Bitte melden Sie sich an.
message-password-updated = Ihr Passwort wurde geändert
message-account-updated = Ihr Konto wurde geändert
message-verification-sent = Die E-Mail zur Bestätigung wurde gesendet
message-nothing-to-verify = Ihre E-Mail-Adresse ist bereits bestätigt.
message-account-deleted = Ihr Konto wurde gelöscht
message-confirmed = Vielen Dank. Sie können Ihre Änderung jetzt vornehmen.
message-not-allowed = Dazu sind Sie nicht berechtigt.
message-check-fields = Bitte prüfen Sie Ihre Eingaben.
message-stays-signed-in = Sie bleiben angemeldet. Schließen Sie diesen Tab und machen Sie im anderen weiter.
message-confirm-first = Bitte geben Sie Ihr Passwort ein, bevor Sie das ändern.
message-confirm-elsewhere = Bitte bestätigen Sie, dass Sie es sind, bevor Sie das ändern.
message-invalid-token = Fehler! Der Link ist ungültig
message-cookies-blocked =
    Ihr Browser speichert keine Cookies dieser Website. Dieser Link und eine Anmeldung brauchen sie. Erlauben Sie Cookies für diese
    Website, und öffnen Sie den Link erneut.
message-misconfigured =
    Die Anmeldung funktioniert zurzeit wegen einer Einstellung auf unserer Seite nicht. Wir haben es vermerkt; ein erneuter Versuch
    hilft nicht.
message-not-let-in =
    Sie können nicht angemeldet werden: Ihr Konto ist noch nicht bestätigt, oder es ist gesperrt. Wenn Sie eine E-Mail zur
    Bestätigung Ihrer Adresse erhalten haben, folgen Sie zuerst ihrem Link.
message-not-admitted =
    Sie können nicht angemeldet werden: Ihr Konto hat keine der Rollen, die diese Website verlangt. Der Betreiber dieser Website kann
    Ihnen mehr dazu sagen.
message-second-factor =
    Sie können hier nicht angemeldet werden: Ihr Konto verlangt bei der Anmeldung einen zweiten Schritt, den diese Website nicht hat.
    Der Betreiber dieser Website kann Ihnen mehr dazu sagen.
message-email-change-asked =
    Ihre Adresse ändert sich, sobald Sie dem Link folgen, den wir per E-Mail senden, vielleicht zuerst an Ihre jetzige Adresse. Kommt
    keiner an, kann die neue Adresse nicht verwendet werden.
message-password-link-dead =
    Dieser Link ist zu alt oder wurde schon verwendet. Wenn Sie gerade ein neues Passwort festgelegt haben, melden Sie sich damit an.
    Sonst fordern Sie einen neuen Link an.
message-session-ended = Sitzung beendet
message-other-sessions-ended = Alle anderen Sitzungen wurden beendet
message-all-sessions-ended = Sie wurden überall abgemeldet.
message-no-such-session = Diese Sitzung war schon beendet.
message-session-expired = Ihre Sitzung ist abgelaufen. Bitte melden Sie sich erneut an.
message-session-ended-by-provider =
    Sie wurden dort abgemeldet, wo Sie sich für diese Website anmelden. Bitte melden Sie sich erneut an.
message-session-not-allowed =
    Sie wurden abgemeldet: Ihr Konto hat keine der Rollen, die diese Website verlangt.
message-sign-in-link-sent = Ein Login-Link wurde an { $email } gesendet
message-reset-link-sent = Ein Link zum Zurücksetzen des Passworts wurde an { $email } gesendet
message-signed-in-as = Sie sind als { $email } angemeldet
message-now-signed-in-as =
    Sie sind jetzt als { $email } angemeldet. Nichts wurde geändert: Die Seite gehörte jemand anderem.
message-role-given = Die Person hat die Rolle jetzt.
message-role-taken = Die Rolle ist entzogen, und die Person ist hier überall abgemeldet.
message-person-deleted = Das Konto ist gelöscht.
message-person-changed = Nichts wurde geändert: Diese Person hat sich inzwischen verändert. Sehen Sie noch einmal nach und entscheiden Sie dann.
message-no-such-person = Nichts wurde geändert: Dieses Konto gibt es nicht mehr.
message-own-account = Nichts wurde geändert: Das ist Ihr eigenes Konto. Ein anderer Administrator kann das tun.
message-person-verified = Nichts wurde gesendet: Keine Adresse dieser Person wartet auf Bestätigung.
