/** Parts of a picture, placed in shares of its size. */

/** A part of a picture or a frame, in any unit. */
export interface Part {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Where a part lies, for an absolutely placed child. */
export function shares(part: Part, whole: { width: number; height: number }) {
  const percent = (length: number, of: number): string => `${(100 * length) / of}%`;
  return {
    left: percent(part.left, whole.width),
    top: percent(part.top, whole.height),
    width: percent(part.width, whole.width),
    height: percent(part.height, whole.height),
  };
}
