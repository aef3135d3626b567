// What happy-dom does not draw: pictures are decoded at once, dialogs open by a flag.

HTMLImageElement.prototype.decode = () => Promise.resolve();
window.scrollTo = () => {};
