/** A small line-drawn alphabet of our own, so that labels look the same on every machine, also one without any font. */

/**
 * Character → strokes on a grid 4 wide and 6 high (origin top left). A stroke is a run of two-digit points, `xy`, joined by lines;
 * a `c` before a point bends the line: the point after `c` is the control point of a quadratic curve.
 */
const GLYPHS: Readonly<Record<string, string>> = {
  A: '06 20 46|14 34',
  B: '00 06 26 c46 c45 c43 23 03|00 20 c40 c41 c43 23',
  C: '41 c40 20 c00 02 04 c06 26 c46 45',
  D: '00 06 16 c46 43 c40 10 00',
  E: '40 00 06 46|03 33',
  F: '40 00 06|03 33',
  G: '41 c40 20 c00 02 04 c06 26 c46 44 43 23',
  H: '00 06|40 46|03 43',
  I: '20 26|10 30|16 36',
  J: '30 34 c36 16 c06 05',
  K: '00 06|40 03 46',
  L: '00 06 46',
  M: '06 00 24 40 46',
  N: '06 00 46 40',
  O: '20 c00 03 c06 26 c46 43 c40 20',
  P: '06 00 20 c40 c42 c43 23 03',
  Q: '20 c00 03 c06 26 c46 43 c40 20|24 46',
  R: '06 00 20 c40 c42 c43 23 03|23 46',
  S: '41 c40 20 c00 01 c03 23 c43 45 c46 26 c06 05',
  T: '00 40|20 26',
  U: '00 04 c06 26 c46 44 40',
  V: '00 26 40',
  W: '00 16 22 36 40',
  X: '00 46|40 06',
  Y: '00 23 40|23 26',
  Z: '00 40 06 46',
  '0': '20 c00 03 c06 26 c46 43 c40 20|34 12',
  '1': '11 20 26|16 36',
  '2': '01 c00 20 c40 42 c43 06 46',
  '3': '00 40 22 c42 44 c46 26 c06 05',
  '4': '36 30 04 44',
  '5': '40 00 02 22 c42 44 c46 26 c06 05',
  '6': '40 c00 04 c06 26 c46 44 c42 22 c02 04',
  '7': '00 40 16',
  '8': '20 c00 01 c03 23 c43 41 c40 20|23 c03 05 c06 26 c46 45 c43 23',
  '9': '06 c46 42 c40 20 c00 02 c04 24 c44 42',
  '.': '25 26',
  ',': '25 17',
  ':': '21 22|25 26',
  '-': '13 33',
  '+': '03 43|21 25',
  '=': '02 42|04 44',
  '×': '12 34|32 14',
  '/': '40 06',
  '%': '40 06|00 11|35 46',
  '(': '30 c13 36',
  ')': '10 c33 16',
  '→': '03 43|21 43 25',
  '#': '10 16|30 36|02 42|04 44',
  '!': '20 24|25 26',
  '?': '01 c00 20 c40 42 c43 24|25 26',
  "'": '20 21',
  '"': '10 11|30 31',
  _: '06 46',
};
/** What stands for a character that the alphabet does not have. */
const UNKNOWN = '00 40 46 06 00';
const GRID_HEIGHT = 6;
const ADVANCE = 5.5;

/** Width of a label in pixels when its capitals are `heightPx` high. */
export const labelWidthPx = (text: string, heightPx: number): number =>
  Math.max(0, Array.from(text).length * ADVANCE - (ADVANCE - 4)) * (heightPx / GRID_HEIGHT);

/** SVG path data of a label whose capitals are `heightPx` high and whose top left corner is at (`left`, `top`); lower case is drawn as capitals. */
export function labelPath(text: string, left: number, top: number, heightPx: number): string {
  const unit = heightPx / GRID_HEIGHT;
  const strokes = Array.from(text.toUpperCase()).flatMap((character, i) =>
    character === ' '
      ? []
      : (GLYPHS[character] ?? UNKNOWN)
          .split('|')
          .map((stroke) => strokePath(stroke, left + i * ADVANCE * unit, top, unit)),
  );
  return strokes.join('');
}

function strokePath(stroke: string, left: number, top: number, unit: number): string {
  let path = '';
  let isBent = false;
  for (const [i, token] of stroke.split(' ').entries()) {
    const isControl = token.startsWith('c');
    const [x = '0', y = '0'] = token.slice(-2);
    const point = `${(left + Number(x) * unit).toFixed(2)} ${(top + Number(y) * unit).toFixed(2)}`;
    if (i === 0) path += `M${point}`;
    else if (isControl && isBent)
      path += `,${point}Q${point}`; // Two controls in a row meet in the first one.
    else if (isControl) path += `Q${point}`;
    else path += isBent ? `,${point}` : `L${point}`;
    isBent = isControl;
  }
  return path;
}
