// What happy-dom does not draw: pictures are decoded at once, dialogs open by a flag, menus neither open nor close.

HTMLImageElement.prototype.decode = () => Promise.resolve();
window.scrollTo = () => {};
HTMLElement.prototype.hidePopover = () => {};
