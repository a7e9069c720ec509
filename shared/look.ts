/** What a person can choose about the look of the window; apart from the schemas, because the start needs it before anything else. */

export const THEMES = ['system', 'dark', 'light', 'contrast'] as const;
export type Theme = (typeof THEMES)[number];

/** Sizes of everything in the window, 1 being the platform's own. */
export const ZOOM_STEPS = [0.5, 0.67, 0.75, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3] as const;
export const ZOOM_RANGE = { min: 0.5, max: 3 } as const;
