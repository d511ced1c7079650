# The parts that many pages have.

tagline =
    Sign-in, sessions and account pages in front of the API you already have. Tokens stay on the server; the browser only ever
    sees pages.

skip-to-content = Skip to content
breadcrumb = breadcrumb
breadcrumb-home = Home
login = Login
toggle-theme = Toggle theme
theme-light = Light
theme-dark = Dark
theme-system = System
account-menu = Account menu
account-menu-settings = Settings
account-menu-logout = Logout
language = Language

notifications = Notifications alt+T
notification-close = Close notification
notification-support-code = Support code { $code }
reference = Reference: { $reference }
request = Request { $id }

# The button beside a password. The last one follows it for screen readers. The page puts the label of the field in the place of the
# word `label`, and of `Label` if the language keeps its capital letter.
password-show = Show
password-hide = Hide
password-which = { " label" }

email = Email
email-example = hi@example.com
password = Password
password-example = *********
password-confirmation = Confirm Password
forgot-password = Forgot Password
try-again = Try again
go-home = Go to the home page
go-back = Go back
delete-account = Delete Account
cancel = Cancel
are-you-sure = Are you sure?

# Numbers and dates

wait = { $unit ->
    [hours] { $count ->
        [one] { $count } hour
       *[other] { $count } hours
    }
    [minutes] { $count ->
        [one] { $count } minute
       *[other] { $count } minutes
    }
   *[seconds] { $count ->
        [one] { $count } second
       *[other] { $count } seconds
    }
}
try-again-in = Please try again in { wait }.
try-again-in-about = Please try again in about { wait }.

just-now = Just now
ago = { $unit ->
    [days] { $count ->
        [one] { $count } day
       *[other] { $count } days
    }
    [hours] { $count ->
        [one] { $count } hour
       *[other] { $count } hours
    }
   *[minutes] { $count ->
        [one] { $count } minute
       *[other] { $count } minutes
    }
} ago

date-time = { $date }, { $time } UTC
date = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }
session-end = Your session ends soon. Sign in again in a new tab: what you have typed here stays.
session-end-stay = Stay signed in
