# The page a browser shows when it has come back to Likeness. Read by crates/account, not by the window.

browser-back-title = Back to Likeness
browser-back-good = Your browser has done its part. Go on in the Likeness window; you can close this tab.
browser-back-refused = The sign-in was not finished. The Likeness window says more; you can close this tab.
