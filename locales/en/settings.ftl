# The learner's own account. $address is an e-mail address of which only the first letter and the domain are shown.

settings-title = Account settings
settings-sign-in = Signing in
settings-address = You sign in with { $address }.
settings-address-managed = { $org } manages this address. Its support can change it.
settings-change-email = Change e-mail address
settings-password = Your password is known to you alone.
settings-change-password = Change password
settings-linked = Linked accounts
settings-linked-at = Linked { $when }
settings-disconnect = Delink { $label }
settings-connect = Link { $label }
settings-connect-what = A linked account signs you in too.
settings-browser-lead = Sign in to { $to } there. Likeness goes on by itself when you are done.
settings-browser-cancel = Do not link it
settings-invitation = You have an invitation of { $org } that is not used yet.
settings-stays-last-sign-in-method = This is your only way to sign in. Set a password first.
settings-stays-identity-managed-by-organisation = Your organisation manages this one.
settings-sessions = Where you are signed in
settings-this-one = This one
settings-device = A computer
settings-device-linux = A computer with Linux
settings-device-macos = A Mac
settings-device-windows = A computer with Windows
settings-signed-in-at = Signed in { $when }
settings-renewed-at = Last used { $when }
settings-end-session = Sign out there
settings-end-others = Sign out everywhere else
settings-data = My data
settings-export-what = Save what the server knows about you in a file.
settings-export = Save my data
settings-delete-what = Delete your account with everything that belongs to it.
settings-delete = Delete my account

settings-done-password-changed = Your password is changed, and you are signed out everywhere else.
settings-done-email-changed = Your e-mail address is changed, and you are signed out everywhere else. The old address has three days to undo it.
settings-done-sessions-ended = You are signed out there.
settings-done-connected = It is linked: from now on it opens this account.
settings-done-disconnected = It is no longer linked: it opens this account no more.
settings-done-exported = Your data are saved in { $path }. The file holds your name and address: keep it where only you can read it.

settings-email-title = Change your e-mail address
settings-email-lead = We send a code to the new address. Until you type it, nothing changes.
settings-email-new = New e-mail address
settings-email-go = Send the code
settings-email-asking = Sending the code…
settings-code-title = Type the code
settings-code-hint = It works for half an hour. Spaces do not matter.
settings-email-code = Code of 6 digits
settings-email-code-lead = We sent a code to { $address }. Your present address was told too.
settings-email-confirm = Use the new address
settings-email-cancel = Keep the present address

settings-password-title = Change your password
settings-password-lead = You will be signed out everywhere else.
settings-password-new = New password
settings-password-hint = 8 to 128 characters. A few words in a row are easier to remember than signs.
settings-password-go = Set the new password
settings-password-busy = Setting the new password…

settings-confirm-without = No password at hand?
settings-confirm-through-what = Sign in once more where your account is linked. The page opens in your browser.
settings-confirm-through = Confirm with { $label }
settings-browser-cancel-confirm = Do it another way
settings-confirm-title = Confirm that it is you
settings-confirm-lead = You signed in a while ago. Before { $topic ->
    [email] your e-mail address is changed
    [delete] your account is deleted
    [disconnect] a linked account is taken off
    [connect] another account is linked
   *[password] your password is changed
  }, type your present password.

settings-delete-title = Delete your account?
settings-delete-lead = This cannot be taken back. You can make a new account later, but you would have to verify yourself again.
settings-delete-in-review = Your profile is being checked. If you delete your account now, the check ends and nobody decides.
settings-deleted = What is deleted at once
settings-deleted-photos = Your photos, on every computer of ours
settings-deleted-profile = Your profile and every decision about it
settings-deleted-sign-in = Your e-mail addresses, your password and all sign-ins
settings-kept = What stays
settings-kept-why = Two things stay, without your name, your address or your photos:
settings-kept-consents = which text you agreed to and when that ended, as proof that we were allowed to ask
settings-kept-audit = who did what and when, in numbers, so that decisions of reviewers stay explainable
settings-delete-go = Delete everything
settings-deleting = Deleting…
settings-delete-keep = Keep my account

settings-gone-title = Your account is deleted
settings-gone-lead = Your photos, your profile, your address and your password are gone. We wrote you a last mail about it.
settings-gone-kept = What stays has no name in it: which text you agreed to, and a record of who did what.
settings-gone-go = To the beginning

forgotten-title = A new password
forgotten-lead = Type the address of your account. If it has one, we send a code there.
forgotten-go = Send the code
forgotten-asking = Sending the code…
forgotten-code = Code of 8 digits
forgotten-code-lead = If { $email } has an account, a code is on its way there. Look in the folder for unwanted mail too.
