# Signing in and the safe for passwords.

sign-in-title = Sign in
sign-in-lead = Use the account you learn with.
sign-in-email = E-mail address
sign-in-password = Password
sign-in-show = Show password
sign-in-hide = Hide password
sign-in-go = Sign in
sign-in-busy = Signing in…
sign-in-ended-session-ended = Your sign-in has ended. Sign in again to go on; nothing you sent is lost.
sign-in-ended-account-disabled = This account is closed. Please ask for help.
sign-in-ended-saved-sign-in-unreadable = What was saved of your sign-in could not be read. Please sign in again.
sign-in-ended-password-reset = Your new password is set. Sign in with it.
sign-in-forgotten = Forgot your password?
organisation-start = Log in with your organisation
organisation-start-lead = For people whose company, school or university signs them in itself.
organisation-social-google = Google
organisation-social-apple = Apple
organisation-social-facebook = Facebook
sign-in-social = Go on with { $provider }
sign-in-social-lead = If your account is linked with one of these:
sign-in-practice-title = Practice accounts
sign-in-practice-lead = People made up for trying. Choose one to sign in.
sign-in-practice-use = Sign in as { $email }
sign-in-practice-invitation = Open the invitation for { $email }

keyring-title = Your computer asks for its password
keyring-lead = Likeness keeps you signed in with the safe for passwords on this computer. Answer its question in the other window.
keyring-without = You can also go on without it. Then you sign in again next time.
keyring-skip = Go on without it
