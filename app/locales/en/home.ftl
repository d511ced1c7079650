# The front page

home-eyebrow = Your starting point
home-heading = Build something great.
home-get-started = Get started
home-source = GitHub
home-nothing-to-steal = Nothing to steal
home-nothing-to-steal-text =
    Access and refresh tokens live in one sealed cookie that no script can read and no page contains.
home-always-logged-in = Always logged in
home-always-logged-in-text = Tokens are renewed before a page is rendered, once for all tabs, and no outage logs anybody out.
home-without-scripts = Complete without scripts
home-without-scripts-text = Every page and form works as plain HTML. WebAssembly makes them nicer, not possible.
