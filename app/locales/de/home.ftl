# The front page

home-eyebrow = Ihr Ausgangspunkt
home-heading = Bauen Sie etwas Großartiges.
home-get-started = Loslegen
home-source = GitHub
home-nothing-to-steal = Nichts zu stehlen
home-nothing-to-steal-text =
    Access- und Refresh-Tokens liegen in einem versiegelten Cookie, das kein Skript lesen kann und das auf keiner Seite steht.
home-always-logged-in = Immer angemeldet
home-always-logged-in-text =
    Tokens werden erneuert, bevor eine Seite entsteht, einmal für alle Tabs, und kein Ausfall meldet jemanden ab.
home-without-scripts = Vollständig ohne Skripte
home-without-scripts-text =
    Jede Seite und jedes Formular funktioniert als reines HTML. WebAssembly macht sie angenehmer, nicht erst möglich.
