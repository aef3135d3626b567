# Home, name, consent, the kind of ID, checking, sending and what came of it.

home-none-title = Your profile is not filled in yet
home-none-lead = Your name, a photo of your face and a photo of your ID. It takes about three minutes and counts for all your courses.
home-unknown-title = Looking up your profile
home-unknown-lead = We are asking the server where your profile stands.
home-unreached-title = Your profile cannot be shown yet
home-in-review-title = A person is checking your profile
home-in-review-lead = There is nothing for you to do. The answer comes by e-mail and stands here.
home-approved-title = Your identity is verified
home-approved-lead = This counts for all your courses. There is nothing more to do.
home-rejected-title = One thing has to be done again
home-rejected-lead = Your profile was checked and could not be approved yet. Here is why.
home-expired-title = Your profile is too old
home-expired-lead = Please fill it in once more. It takes about three minutes.
home-start = Start
home-continue = Continue
home-see-progress = See progress
home-fix = Fix this
home-refresh = Ask again
home-reference = Receipt number
home-usually = { $hours ->
    [one] Usually decided within one hour.
   *[other] Usually decided within { $hours } hours.
  }
home-line-title = The way of your profile
home-line-filled = Filled in
home-line-sent = Sent
home-line-review = In review
home-line-decided = Decided
home-line-approved = Approved
home-line-rejected = Not approved
home-line-done = done
home-line-now = now
home-line-open = not yet
home-practice-title = Practice room
home-practice-lead = Look at the mails Likeness would send, or be the reviewer yourself.
home-practice-mail = Read the mails
home-practice-desk = Open the review desk

name-question = What is your full name?
name-label = Full name
name-hint = Write it the way it stands on your ID, with all its parts.

consent-title = May we take and check your photos?
consent-lead = Please read this. The camera stays off until you agree.
consent-privacy = Privacy notice
consent-terms = Terms
consent-opens = (opens in your browser)
consent-agree = I agree
consent-not-now = Not now
consent-text = What you agree to

id-title = Which ID will you show?
id-lead = Accepted here: { $kinds }
id-card = ID card
id-card-more = A plastic card, such as an identity card or a driving licence
id-passport = Passport
id-passport-more = Open at the page with your photo
id-other = Something else
id-other-more = Another document with your name and your photo
sides-title = Are your name and your photo on the same side?
sides-lead = This changes how you hold the card in the photos.
sides-same = Same side
sides-same-more = One photo of the card is enough
sides-two = Opposite sides
sides-two-more = The photo side goes into your face photo, the name side into your ID photo
sides-how = Not sure? How to tell
sides-how-more = Look at the side with your photo. If your full name is printed there too, choose “Same side”. If you have to turn the card over to read your name, choose “Opposite sides”.
sides-other-document = Show another document
session-opening = Getting ready for your photos…

check-title = Check your answers
check-lead = This is what we send. You can still change everything.
check-name = Name
check-face = Face photo
check-id = ID photo
check-document = Document
check-consent = Consent
check-consent-given = You agreed
check-kept = Kept from last time, it was good
check-missing = Still to be taken
check-document-line = { $document ->
    [passport] Passport
    [other] Another document
   *[card] ID card
  }, { $sides ->
    [two] name and photo on opposite sides
   *[one] name and photo on the same side
  }
check-change-name = Change the name
check-change-face = Take the face photo again
check-change-id = Take the ID photo again
check-change-document = Change the document
check-go = Send
check-busy = Sending…

sending-title = Sending your profile
sending-uploading = Your photos are on their way, encrypted.
sending-submitting = The photos have arrived. Handing in your profile.
sending-waiting = Waiting for the network. It goes on by itself.
sending-paused = Paused. Nothing is lost.
sending-stopped = Sending has stopped.
sending-face = Face photo
sending-id = ID photo
sending-share = { $sent } of { $total } KB
sending-pause = Pause
sending-resume = Go on
sending-retry = Try now

sent-title = We have received your profile
sent-lead = A person will now check it.
sent-reference = Receipt number
sent-copy = Copy the number
sent-copied = Copied
sent-mail = The answer goes to { $email }.
sent-go = Back to your profile

fix-title = { $count ->
    [one] One thing to fix
   *[other] { $count } things to fix
  }
fix-kept = { $photo ->
    [id] Your ID photo was good. We keep it.
   *[face] Your face photo was good. We keep it.
  }
fix-note = The reviewer wrote
fix-go = { $photos ->
    [face] Take the face photo again
    [id] Take the ID photo again
   *[both] Take both photos again
  }
fix-correct-name = Correct the name
fix-use-other-id = Use another ID
fix-closed = This profile cannot be sent again from here. Please ask for help.

mailbox-title = Practice mailbox
mailbox-lead = These mails were not sent. Outside practice they go to your own mailbox.
mailbox-empty = No mail yet. It comes when a profile was received or decided.
mailbox-to = To { $email }, { $when }

