/**
 * The gallery's index: SQLite in one file, compiled to WebAssembly (no server, no compile step, the same on every platform and runtime).
 * Everything in it can be made again from the log of results, so it is never the only place where something stands.
 */
import { rmSync } from 'node:fs';
import { Database, SQLite3Error, type Statement } from 'node-sqlite3-wasm';

/** What a search looks at, beside the record itself. */
export interface Entry {
  /** Grows with every result: larger is newer. The byte of the log at which its line begins. */
  seq: number;
  id: string;
  jobId: string;
  /** Milliseconds since 1970. */
  createdAt: number;
  /** Empty for the bundled starter model. */
  model: string;
  prompt: string;
  isStarred: boolean;
  /** The whole record as JSON. */
  record: string;
}

export interface Filter {
  /** Words of the prompt; the last one may be unfinished. */
  text: string;
  /** Milliseconds since 1970; from inclusive, to exclusive. */
  from: number | null;
  to: number | null;
  /** Null: every model. */
  model: string | null;
  isStarred: boolean;
}

const SCHEMA_VERSION = 2;
const SCHEMA = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
  CREATE TABLE entries (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, job TEXT NOT NULL, createdAt INTEGER NOT NULL,
    model TEXT NOT NULL, isStarred INTEGER NOT NULL
  );
  CREATE INDEX entries_by_job ON entries (job);
  CREATE INDEX entries_by_time ON entries (createdAt);
  CREATE INDEX entries_by_model ON entries (model);
  CREATE INDEX entries_by_star ON entries (isStarred) WHERE isStarred = 1;
  CREATE TABLE records (seq INTEGER PRIMARY KEY, record TEXT NOT NULL);
  CREATE VIRTUAL TABLE words USING fts5(
    prompt, content = '', contentless_delete = 1, prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2'
  );
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** Name of the number that is there once everything of the log has been read. */
const WHOLE = 'isWhole';

/** Every value of a statement is bound, never written into its text. */
type Value = string | number;

/** One open index. Close it when it is not needed any more. */
export class GalleryDatabase {
  readonly #db: Database;
  readonly #insert: { entry: Statement; record: Statement; words: Statement };
  /** True when it was made now and holds nothing yet. */
  readonly isNew: boolean;

  private constructor(db: Database, isNew: boolean) {
    this.#db = db;
    this.isNew = isNew;
    this.#insert = {
      entry: db.prepare(
        'INSERT OR IGNORE INTO entries (seq, id, job, createdAt, model, isStarred) VALUES (?, ?, ?, ?, ?, ?)',
      ),
      record: db.prepare('INSERT INTO records (seq, record) VALUES (?, ?)'),
      words: db.prepare('INSERT INTO words (rowid, prompt) VALUES (?, ?)'),
    };
  }

  /** Opens the file, or makes a new one in its place when it is missing, damaged, not whole or of another version. */
  static open(filePath: string, log: (text: string) => void): GalleryDatabase {
    // Only one app works in a home folder, so a lock that is there was left by one that was killed.
    rmSync(`${filePath}.lock`, { recursive: true, force: true });
    let db: Database | null = null;
    try {
      db = new Database(filePath);
      prepare(db);
      if (db.get('PRAGMA user_version')?.['user_version'] === SCHEMA_VERSION) {
        // Reads every table once, so that damage shows here and not in the middle of a search.
        db.get('SELECT max(seq), (SELECT max(seq) FROM records), (SELECT count(*) FROM meta) FROM entries');
        if (db.get('SELECT value FROM meta WHERE name = ?', [WHOLE]) !== null)
          return new GalleryDatabase(db, false);
      }
    } catch (error) {
      if (!(error instanceof SQLite3Error)) throw error;
      log(`the gallery's index cannot be used and is made anew: ${error.message}`);
    }
    db?.close();
    for (const ending of ['', '-journal', '.lock'])
      rmSync(filePath + ending, { recursive: true, force: true });
    const fresh = new Database(filePath);
    prepare(fresh);
    fresh.exec(SCHEMA);
    return new GalleryDatabase(fresh, true);
  }

  /** Runs several changes as one: all of them are made, or none; inside a longer change they get onto the disk with it. */
  inOne(work: () => void): void {
    this.#db.exec('SAVEPOINT one');
    try {
      work();
    } catch (error) {
      this.#db.exec('ROLLBACK TO one; RELEASE one');
      throw error;
    }
    this.#db.exec('RELEASE one');
  }

  /** Begins a longer change, during which the process may do other things. End it with `commit`. */
  begin(): void {
    this.#db.exec('BEGIN');
  }

  commit(): void {
    this.#db.exec('COMMIT');
  }

  /** Everything of the log is in here now. */
  finish(): void {
    this.remember(WHOLE, 1);
  }

  /** A number that was remembered; 0 for none. */
  remembered(name: string): number {
    return Number(this.#db.get('SELECT value FROM meta WHERE name = ?', [name])?.['value'] ?? 0);
  }

  remember(name: string, value: number): void {
    this.#db.run('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)', [name, value]);
  }

  /** Adds an entry; one that is there already stays as it is. */
  add(entry: Entry): void {
    const { seq, id, jobId, createdAt, model, isStarred, prompt, record } = entry;
    const { changes } = this.#insert.entry.run([seq, id, jobId, createdAt, model, isStarred ? 1 : 0]);
    if (changes === 0) return;
    this.#insert.record.run([seq, record]);
    this.#insert.words.run([seq, prompt]);
  }

  star(id: string, isStarred: boolean): void {
    this.#db.run('UPDATE entries SET isStarred = ? WHERE id = ?', [isStarred ? 1 : 0, id]);
  }

  remove(id: string): void {
    const seq = this.#db.get('SELECT seq FROM entries WHERE id = ?', [id])?.['seq'];
    if (typeof seq !== 'number') return;
    for (const [table, key] of [
      ['words', 'rowid'],
      ['records', 'seq'],
      ['entries', 'seq'],
    ])
      this.#db.run(`DELETE FROM ${table} WHERE ${key} = ?`, [seq]);
  }

  /** The record of one result with its star; null when it is not known. */
  find(id: string): Found | null {
    return (
      this.#found('SELECT record, isStarred FROM entries JOIN records USING (seq) WHERE id = ?', [id])[0] ??
      null
    );
  }

  /** Records of a job, oldest first. */
  ofJob(jobId: string): Found[] {
    return this.#found(
      'SELECT record, isStarred FROM entries JOIN records USING (seq) WHERE job = ? ORDER BY seq',
      [jobId],
    );
  }

  /** A stretch of what a filter lets through, newest first. */
  search(filter: Filter, offset: number, limit: number): Found[] {
    const { from, where, order, values } = query(filter);
    // The narrow tables are walked to the offset; only the stretch itself reads whole records.
    return this.#found(
      `SELECT record, isStarred FROM (
         SELECT seq, isStarred FROM ${from} ${where} ORDER BY ${order} DESC LIMIT ? OFFSET ?
       ) JOIN records USING (seq) ORDER BY seq DESC`,
      [...values, limit, offset],
    );
  }

  /** How many a filter lets through. */
  count(filter: Filter): number {
    const { from, where, values } = query(filter);
    return Number(this.#db.get(`SELECT count(*) AS n FROM ${from} ${where}`, values)?.['n'] ?? 0);
  }

  /** Every model that something was made with, most used first; empty for the starter model. */
  models(): string[] {
    return this.#db
      .all('SELECT model FROM entries GROUP BY model ORDER BY count(*) DESC')
      .map((row) => textOf(row['model']));
  }

  close(): void {
    for (const statement of Object.values(this.#insert)) statement.finalize();
    this.#db.close();
  }

  #found(sql: string, values: Value[]): Found[] {
    return this.#db
      .all(sql, values)
      .map((row) => ({ record: textOf(row['record']), isStarred: row['isStarred'] === 1 }));
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export interface Found {
  record: string;
  isStarred: boolean;
}

/** This process alone works with the file; what a power cut takes is made again from the log. */
function prepare(db: Database): void {
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768;');
}

function query(filter: Filter): { from: string; where: string; order: string; values: Value[] } {
  const parts: string[] = [];
  const values: Value[] = [];
  const also = (part: string, value: Value): void => {
    parts.push(part);
    values.push(value);
  };
  const words = matchOf(filter.text);
  if (words !== null) also('words MATCH ?', words);
  if (filter.from !== null) also('createdAt >= ?', filter.from);
  if (filter.to !== null) also('createdAt < ?', filter.to);
  if (filter.model !== null) also('model = ?', filter.model);
  if (filter.isStarred) also('isStarred = ?', 1);
  return {
    // The words are walked from the newest on and left at the limit, instead of gathering every match first.
    from: words === null ? 'entries' : 'words CROSS JOIN entries ON entries.seq = words.rowid',
    where: parts.length === 0 ? '' : `WHERE ${parts.join(' AND ')}`,
    order: words === null ? 'seq' : 'words.rowid',
    values,
  };
}

/** Words → the index's own language: each in quotes, so that nothing in them is an operator; the last one may go on. Null: no word. */
function matchOf(text: string): string | null {
  const words = text.match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length === 0) return null;
  const isOpen = /[\p{L}\p{N}]$/u.test(text);
  return words.map((word, index) => `"${word}"${isOpen && index === words.length - 1 ? '*' : ''}`).join(' ');
}
