# Mails of the verification server, plain text.
# $provider: name of the organisation. $reference: number of the submission. $help: e-mail address for help. $hours: usual length of a review. $code: digits to be typed.

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
mail-closing = Questions? Write to { $help }.
