# Mails of the verification server, plain text.
# $provider: name of the organisation. $reference: number of the submission. $help: e-mail address for help. $hours: usual length of a review. $code: digits to be typed.
# $link: page of the server. $address: an e-mail address of which only the first letter and the domain are shown. $way-in: an organisation or a social account.

mail-received-subject = We have your profile ({ $reference })
mail-received-body =
    { $provider } has received your profile. A person will check it, usually within { $hours } hours.

    You need not do anything now. We write again when it is decided, and Likeness shows it too.

    Your reference number is { $reference }.
mail-approved-subject = Your profile is approved
mail-approved-body =
    { $provider } has approved your profile. It counts for all your courses; you need not verify yourself again for each of them.

    Your reference number is { $reference }.
mail-rejected-subject = Your profile needs another photo ({ $reference })
mail-rejected-body =
    { $provider } has checked your profile and could not approve it yet. This is why, and what helps:
mail-rejected-again = Open Likeness: it shows the same reasons and asks only for what has to be taken again. Photos that were fine are kept.
mail-rejected-closed = It cannot be sent again in the app. Please write to { $help } and give the reference number { $reference }.
mail-deleted-subject = Your photos and your profile are deleted
mail-deleted-body =
    As you wished, { $provider } has deleted your photos, your profile and its decision, and regards your consent as withdrawn.
mail-signed-out-subject = We signed you out of Likeness
mail-signed-out-body =
    The sign-in of one of your devices was used twice, as if somebody had copied it. To be safe we ended it.

    Sign in again on your own device. If you did not expect this, change your password.
mail-password-code-subject = Your code for a new password
mail-password-code-body =
    Somebody asked for a new password for your account at { $provider }. If it was you, type this code in Likeness:

    { $code }

    It works once, for half an hour. Nobody from { $provider } will ever ask you for it.

    If it was not you, you need not do anything: your password stays as it is.
mail-password-changed-subject = Your password was changed
mail-password-changed-body =
    The password of your account at { $provider } was changed, and you were signed out on your other devices.

    If it was not you, write to { $help } at once.
mail-email-code-subject = Your code for a new e-mail address
mail-email-code-body =
    Somebody wants to use this address for an account at { $provider }. If it was you, type this code in Likeness:

    { $code }

    It works once, for half an hour. Nobody from { $provider } will ever ask you for it.

    If it was not you, you need not do anything: nothing will be sent to you here.
mail-email-taken-subject = Somebody wanted to use your e-mail address
mail-email-taken-body =
    Somebody who is signed in to another account at { $provider } wanted to use this address. It belongs to your account, so nothing was changed.

    If it was you: you have two accounts. Sign in with this address to use the one it belongs to.
mail-email-asked-subject = Another e-mail address was asked for
mail-email-asked-body =
    Somebody who is signed in to your account at { $provider } wants to use { $address } instead of this address. If it was you, type the code we sent there.

    If it was not you, stop it here, and change your password:
    { $link }
mail-email-changed-subject = Your e-mail address was changed
mail-email-changed-body =
    Your account at { $provider } now uses { $address }, and you were signed out on your other devices. We write to this address no more.

    If it was not you, undo it within three days:
    { $link }
mail-email-reverted-subject = Your e-mail address is the old one again
mail-email-reverted-body =
    The change of the address of your account at { $provider } was undone, and everybody was signed out.

    Sign in with this address, and change your password if it was not you who had asked for the change.
mail-account-deleted-subject = Your account is deleted
mail-account-deleted-body =
    As you wished, { $provider } has deleted your account: your photos, your profile and its decision, your addresses, your password, your sign-ins.

    Two things stay, without your name, your address or your photos: which consent you gave and when it ended, and the record of who did what, so that decisions stay explainable.
mail-address-taken-subject = Your address was given for another account
mail-address-taken-body =
    Somebody gave your address as a private address of a new account at { $provider }. It belongs to this account of yours, so it was not used for the new one.

    If it was you: in Likeness, go back and choose to connect the account you have. If it was not you, you need not do anything.
mail-connected-subject = { $way-in } is connected to your account
mail-connected-body =
    From now on you can sign in to your account at { $provider } through { $way-in } too.

    If it was not you, write to { $help } at once.
mail-disconnected-subject = { $way-in } is no longer connected to your account
mail-disconnected-body =
    Nobody can sign in to your account at { $provider } through { $way-in } any more. Your other ways in stay as they are.

    If it was not you, write to { $help } at once.
mail-closing = Questions? Write to { $help }.
