/** The gallery's entries as they are needed: stretches around what is seen, and how many there are, once that is counted. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { ResultView } from '../../../shared/contract';
import { GALLERY_PAGE, type GallerySearch } from '../../../shared/gallery';
import { useActions } from '../../app-context';

/** While a lost index is made again, the count is asked for this often. */
const RECOUNT_MS = 1500;

export type GalleryFilter = Omit<GallerySearch, 'offset' | 'limit'>;

interface Found {
  /** The filter and attempt that these entries belong to; answers to an older one are dropped. */
  key: string;
  filterKey: string;
  entries: ReadonlyMap<number, ResultView>;
  /** Null until it is counted. */
  total: number | null;
  /** Older pictures are still being read, so more will be found. */
  isReading: boolean;
}

export interface GalleryEntries {
  /** As far as it is known. */
  length: number;
  total: number | null;
  isReading: boolean;
  at: (index: number) => ResultView | undefined;
  /** Says what is seen, so that it is fetched. */
  need: (first: number, last: number) => void;
  replace: (result: ResultView) => void;
  /** Asks for everything again, as after a deletion. */
  refresh: () => void;
}

/** Searches whenever the filter changes. What was found before stays in sight until the first new entries are there. */
export function useGallery(filter: GalleryFilter): GalleryEntries {
  const { searchGallery, countGallery } = useActions();
  const [attempt, setAttempt] = useState(0);
  const [found, setFound] = useState<Found>({
    key: '',
    filterKey: '',
    entries: new Map(),
    total: null,
    isReading: false,
  });
  const asked = useRef({ key: '', pages: new Set<number>() });
  const filterKey = JSON.stringify(filter);
  const key = `${filterKey} ${attempt}`;

  // Another search makes another function, so that what is seen is needed again.
  const fetchPage = useCallback(
    async (page: number): Promise<void> => {
      if (asked.current.key !== key) asked.current = { key, pages: new Set() };
      if (asked.current.pages.has(page)) return;
      asked.current.pages.add(page);
      const offset = page * GALLERY_PAGE;
      const results = await searchGallery({ ...filter, offset, limit: GALLERY_PAGE });
      if (results === null || asked.current.key !== key) return;
      setFound((now) => {
        const isSame = now.filterKey === filterKey;
        const entries = new Map(isSame ? now.entries : []);
        results.forEach((result, index) => entries.set(offset + index, result));
        const isAll = page === 0 && results.length < GALLERY_PAGE;
        return {
          key,
          filterKey,
          entries,
          total: isAll ? results.length : isSame ? now.total : null,
          isReading: isSame && now.isReading,
        };
      });
      if (page !== 0) return;
      const counted = await countGallery({ ...filter, offset: 0, limit: GALLERY_PAGE });
      if (counted !== null) setFound((now) => (now.key === key ? { ...now, ...counted } : now));
    },
    [filter, filterKey, key, searchGallery, countGallery],
  );

  useEffect(() => {
    if (!found.isReading) return undefined;
    const timer = setTimeout(() => setAttempt((now) => now + 1), RECOUNT_MS);
    return () => clearTimeout(timer);
  }, [found]);

  useEffect(() => {
    const timer = setTimeout(() => void fetchPage(0));
    return () => clearTimeout(timer);
  }, [fetchPage]);

  const need = useCallback(
    (first: number, last: number): void => {
      for (let page = Math.floor(first / GALLERY_PAGE); page <= Math.floor(last / GALLERY_PAGE); page += 1)
        void fetchPage(page);
    },
    [fetchPage],
  );
  return {
    length: found.total ?? found.entries.size,
    total: found.key === key ? found.total : null,
    isReading: found.isReading,
    at: (index) => found.entries.get(index),
    need,
    replace: (result) =>
      setFound((now) => ({
        ...now,
        entries: new Map(
          [...now.entries].map(([index, entry]) => [index, entry.id === result.id ? result : entry]),
        ),
      })),
    refresh: () => setAttempt((now) => now + 1),
  };
}
