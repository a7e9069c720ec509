/** Parts that are not on the first screen. Their scripts stay out of the start, and are fetched once the window is in use. */
import { lazy, Suspense, type ComponentType } from 'react';

const loads: (() => Promise<unknown>)[] = [];

/** A component whose script comes later. Should it be drawn before, it appears as soon as its script is there. */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  loads.push(load);
  const Part = lazy(async () => ({ default: await load() }));
  return (props) => (
    <Suspense fallback={null}>
      <Part {...props} />
    </Suspense>
  );
}

/** Fetches all of them, so that each opens at once. */
export const fetchLater = async (): Promise<void> => {
  await Promise.all(loads.map((load) => load()));
};
