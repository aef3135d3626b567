# An invitation that was opened. $org is the organisation's own name, $email an address of which only the first letter and the domain are shown.

invitation-title = { $org } invites you
invitation-title-unread = Your invitation
invitation-for = The invitation was sent to { $email }.
invitation-next = Your browser opens the sign-in page of { $org }. Then you choose: a new account, or the one you have.
invitation-signed-in-as = You are signed in as { $email }. Sign out and go on?
invitation-signed-in = You are signed in. Sign out and go on?
invitation-loses-photos = The photos you have taken and not sent are lost then.
invitation-go = Go on
invitation-sign-out = Sign out and go on
invitation-not-now = Not now
invitation-again = Open the invitation again
invitation-held = With the invitation of { $org } for { $email }.
invitation-without = Go on without it
