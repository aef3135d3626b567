// What happy-dom does not draw: pictures are decoded at once, dialogs open by a flag, menus neither open nor close.

// The screens that come later are there at once.
import '../src/screens/account';
import '../src/screens/kiosk';
import '../src/screens/photos';

HTMLImageElement.prototype.decode = () => Promise.resolve();
window.scrollTo = () => {};
HTMLElement.prototype.hidePopover = () => {};
