/** Where the window opens: where it was, unless that place is not on a screen any more. */

export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface WantedBounds {
  width: number;
  height: number;
  x?: number | undefined;
  y?: number | undefined;
}

export const DEFAULT_SIZE = { width: 1360, height: 880 };
export const MINIMUM_SIZE = { width: 760, height: 560 };

/** So much of the window (in device-independent pixels) must be on a screen for a person to find and grab it. */
const VISIBLE_PX = 120;

/**
 * Size and position for the window, in device-independent pixels. Without `x` and `y` the platform centres it.
 * `workAreas` are the screens without their task bars.
 */
export function fitBounds(wanted: WantedBounds | null, workAreas: readonly Rectangle[]): WantedBounds {
  const size = wanted ?? DEFAULT_SIZE;
  const largest = workAreas.reduce(
    (most, area) => ({ width: Math.max(most.width, area.width), height: Math.max(most.height, area.height) }),
    { width: MINIMUM_SIZE.width, height: MINIMUM_SIZE.height },
  );
  const width = clamp(size.width, MINIMUM_SIZE.width, largest.width);
  const height = clamp(size.height, MINIMUM_SIZE.height, largest.height);
  if (wanted?.x === undefined || wanted.y === undefined) return { width, height };
  const { x, y } = wanted;
  const isReachable = workAreas.some(
    (area) =>
      Math.min(x + width, area.x + area.width) - Math.max(x, area.x) >= VISIBLE_PX &&
      y >= area.y &&
      y <= area.y + area.height - VISIBLE_PX,
  );
  return isReachable ? { width, height, x, y } : { width, height };
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
