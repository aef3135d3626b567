# Signing in through an organisation or a social account: whom, the browser, and what a first sign-in still needs.
# $org is what the organisation calls itself, or the name of the social account.

organisation-domain-title = Log in with your organisation
organisation-domain-lead = Type your organisation’s web address. Your browser then opens its sign-in page.
organisation-domain-label = Web address of your organisation
organisation-domain-hint = Usually what comes after the @ in your work e-mail, for example corp.example. The link of an invitation can be pasted too.
organisation-domain-names = You may know this as single sign-on, SSO, Okta, LTPA, Tivoli or Imprivata. Type the address of the organisation, not one of these names.
organisation-finding = Looking…
organisation-cancel = Cancel signing in

organisation-browser-title = Go on in your browser
organisation-browser-lead = Sign in to { $org } there. Likeness goes on by itself when you are done.
organisation-browser-shut = Your browser could not be opened. Copy the link and paste it into a browser on this computer.
organisation-not-by-password = { $org } signs its people in on its own page, so the password you typed was not used.
organisation-browser-until = Likeness waits until { $time }.
organisation-browser-again = Open again
organisation-browser-copy = Copy link

organisation-choose-account-title = Do you have an account already?
organisation-choose-account-lead = { $org } signed you in. This is the first time, so one question is left.
organisation-new = Create a new account
organisation-new-more = It belongs to you. { $org } can sign you in to it.
organisation-existing = I already have an account
organisation-existing-more = Sign in to it once; then { $org } is connected with it.
organisation-existing-invited = Sign in to it once; then { $org } is connected with it. You need the code of your invitation.

organisation-create-account-title = Create your account
organisation-create-account-lead = With these you can also sign in without { $org }.
organisation-name = Your name
organisation-alternative = A private e-mail address
organisation-alternative-optional = A private e-mail address (if you like)
organisation-alternative-why = So that everything you earn stays in one account when you leave the organisation.
organisation-password = New password
organisation-password-hint = At least 8 characters. Not your e-mail address.
organisation-terms = By creating the account you accept the terms of the people who verify.
organisation-terms-read = Read the terms
organisation-create = Create account

organisation-link-existing-title = Sign in to your account
organisation-link-existing-lead = This shows that the account is yours. Then you see what will be connected with { $org }.
organisation-via = Prove it with { $provider }
organisation-via-lead = Your account is linked with this, so your browser can show that it is yours, without the password.
organisation-already-used = The address your organisation gave belongs to an account already.

organisation-set-password-title = Set a password first
organisation-set-password-lead = Without one, nobody could sign in to this account any more.

organisation-blocked-by-social-title = Another sign-in is in the way
organisation-blocked-by-social-lead = { $org } could not sign you in, because this account is connected to { $provider }. Delink it, and it goes on at once.
organisation-blocked-no-password = This account has no password yet. You set one first, so that you can still sign in.
organisation-delink = Delink my { $provider } account

organisation-confirm-link-title = Connect these two?
organisation-confirm-link-lead = From then on { $org } can sign you in to your account.
organisation-confirm-account = Your account
organisation-confirm-org = At { $org }
organisation-confirm-sees = { $org } will see whether your profile is approved. It does not see your photos.
organisation-confirm-sees-nothing = { $org } learns nothing about you here.
organisation-confirm = Connect

organisation-invitation-title = You need an invitation
organisation-invitation-lead = { $org } works by invitation here. Its code stands in the mail or message you got.
organisation-invitation-code = Code of the invitation
organisation-invitation-hint = Ten letters and digits. Blanks and hyphens do not matter. You can also open the invitation’s link, or paste it here.

organisation-verify-email-title = Confirm your e-mail address
organisation-verify-email-lead = We sent a code to { $email }.
organisation-verify-code = Code from the mail
organisation-resend = Send another code
organisation-later = Do this later
