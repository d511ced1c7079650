# The second step of a sign-in, and the pages that set it up

code-title = Code eingeben
code-heading = Geben Sie Ihren Code ein
code-text = Öffnen Sie Ihre Authenticator-App und geben Sie die sechs Ziffern ein, die sie für diese Seite zeigt.
code = Code
code-submit = Weiter
code-with-recovery = Stattdessen einen Wiederherstellungscode verwenden
code-recovery-text =
    Geben Sie einen der Wiederherstellungscodes ein, die Sie beim Einrichten Ihrer App aufbewahrt haben. Er gilt einmal.
code-recovery = Wiederherstellungscode
code-with-app = Stattdessen die App verwenden
code-nothing = In diesem Browser wartet keine Anmeldung auf einen Code.
code-begin-anew = Neu anmelden
field-wrong-code = Dieser Code ist nicht richtig oder wurde schon verwendet
field-code-missing = Bitte geben Sie den Code ein
message-code-over = Das hat zu lange gedauert, oder der Code gehörte zu einer anderen Anmeldung. Bitte melden Sie sich neu an.

two-factor = Zwei Schritte
two-factor-heading = In zwei Schritten anmelden
two-factor-lead =
    Zusätzlich zu Ihrem Passwort zeigt eine App auf Ihrem Telefon einen Code. Wer nur Ihr Passwort kennt, kommt nicht hinein.
two-factor-section-lead = Ein Code aus einer App, zusätzlich zu Ihrem Passwort.
two-factor-show = Anmeldung in zwei Schritten
two-factor-app = Authenticator-App
two-factor-off = Zum Anmelden genügt Ihr Passwort.
two-factor-on = Ihr Konto fragt beim Anmelden nach einem Code.
two-factor-begin = App einrichten
two-factor-disable = Abschalten
two-factor-disable-lead = Dann genügt Ihr Passwort zum Anmelden, und Ihre Wiederherstellungscodes gelten nicht mehr.
two-factor-disable-heading = Ohne Code anmelden
two-factor-disable-submit = Code abschalten
two-factor-code-lead = Geben Sie einen Code Ihrer App oder einen Wiederherstellungscode ein.
two-factor-code-or-recovery = Code oder Wiederherstellungscode

two-factor-set-up = Richten Sie Ihre App ein
two-factor-scan = Scannen Sie diesen Code mit Ihrer Authenticator-App.
two-factor-qr = QR-Code für Ihre Authenticator-App
two-factor-open = In einer App auf diesem Gerät öffnen
two-factor-type = Oder geben Sie dort diesen Schlüssel ein:
two-factor-confirm-lead = Geben Sie dann die sechs Ziffern ein, die die App zeigt. Damit werden Sie überall sonst abgemeldet.
two-factor-confirm = Einschalten

recovery-codes = Wiederherstellungscodes
recovery-codes-lead =
    Wenn Sie Ihr Telefon verlieren, lässt jeder dieser Codes Sie zusätzlich zu Ihrem Passwort einmal hinein.
recovery-codes-left = { $count ->
    [0] Sie haben keine Wiederherstellungscodes mehr.
    [one] Sie haben noch { $count } Wiederherstellungscode.
   *[other] Sie haben noch { $count } Wiederherstellungscodes.
}
recovery-codes-new = Neue Wiederherstellungscodes
recovery-codes-new-lead = Sie ersetzen alle, die Sie haben.
recovery-codes-submit = Neue Codes erstellen
recovery-codes-keep =
    Drucken Sie diese Seite, oder bewahren Sie die Codes an einem sicheren Ort auf, der nicht Ihr Telefon ist. Sie werden nur jetzt
    gezeigt: Wer Telefon und Codes verliert, kann sich nicht mehr anmelden.
recovery-codes-done = Ich habe sie aufbewahrt

message-second-factor-enabled = Ihr Konto fragt ab jetzt nach einem Code. Alle anderen Sitzungen wurden beendet.
message-second-factor-disabled = Ihr Konto fragt nicht mehr nach einem Code.
message-recovery-codes-replaced = Das sind Ihre neuen Wiederherstellungscodes. Die alten gelten nicht mehr.
message-second-factor-elsewhere = Das wurde inzwischen anderswo geändert. So ist es jetzt.

activity-second-factor-enabled = Code zum Anmelden eingeschaltet
activity-second-factor-disabled = Code zum Anmelden abgeschaltet
activity-recovery-codes-replaced = Wiederherstellungscodes ersetzt
activity-recovery-code-used = Wiederherstellungscode verwendet
