// The only code that touches the live regions of index.html.
// It replaces a child instead of changing text: WebKitGTK tells assistive software about new children and stays silent about new text.

/** Has a screen reader say `text`: after what it is saying, or (`urgent`) at once. */
export function announce(text: string, urgent = false): void {
  const line = document.createElement('p');
  line.textContent = text;
  document.getElementById(urgent ? 'say-now' : 'say')?.replaceChildren(line);
}
