# A kiosk: a guest signs in with their own phone, and the end of a visit.

guest-title = Sign in with your phone
guest-lead = Your password stays on your phone. Nothing of you stays on this computer.
guest-picture = A QR code that opens { $page } with the code in it. You can also open that address and type the code.
guest-page = Scan the picture with your phone’s camera, or open this address
guest-code = Code
guest-compare = Your phone shows the same code and the name of this computer. Go on there only if both are right.
guest-left = { $minutes ->
    [one] This code is good for one more minute.
   *[other] This code is good for { $minutes } more minutes.
  }
guest-asking = Getting a code…
guest-new-code = Get a new code
guest-cancel = Cancel

ending-label = The end of your visit
ending-idle = Are you still there? In { $seconds ->
    [one] one second
   *[other] { $seconds } seconds
  } you are signed out, and everything here is forgotten.
ending-idle-said = Are you still there? Press any key, or you are signed out soon and everything here is forgotten.
ending-stay = I am still here
ending-limit = { $seconds ->
    [0] Your time here is over. You are signed out as soon as your photos have arrived.
    [one] Your time here ends in one second.
   *[other] Your time here ends in { $seconds } seconds. Then you are signed out, and what was not sent is forgotten.
  }
ending-limit-said = Your time here is nearly over. Then you are signed out, and what was not sent is forgotten.
