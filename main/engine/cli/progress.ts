/** Progress on stderr: one rewritten line on a terminal, one line per stage elsewhere. */
import type { JobProgress } from '../../../shared/job';

const STAGE_WORDS = { encode: 'Encode', generate: 'Generate', decode: 'Decode' } as const;

/** Shows a job's events; `end` finishes the line. */
export class ProgressLine {
  private isOpen = false;
  /** True while the announced stage has nothing to run. */
  private isSkipped = false;

  constructor(private readonly stream: NodeJS.WriteStream = process.stderr) {}

  show(progress: JobProgress): void {
    switch (progress.kind) {
      case 'stage-start':
        this.line(
          progress.where === 'remote'
            ? `${STAGE_WORDS[progress.stage]} on ${progress.reason} …`
            : progress.provider === null
              ? `${STAGE_WORDS[progress.stage]}: ${progress.reason}`
              : `${STAGE_WORDS[progress.stage]} on ${progress.provider}${progress.tiled ? ' in tiles' : ''} …`,
        );
        this.isSkipped = progress.where === 'local' && progress.provider === null;
        break;
      case 'stage-done':
        if (!this.isSkipped) this.line(`${STAGE_WORDS[progress.stage]} done in ${seconds(progress.ms)}`);
        break;
      case 'step':
        this.rewrite(
          `  step ${progress.step} of ${progress.of}${progress.leftMs === null ? '' : `, about ${seconds(progress.leftMs)} left`}`,
        );
        break;
      case 'tile':
        this.rewrite(`  tile ${progress.tile} of ${progress.of}`);
        break;
      case 'notice':
        this.line(progress.message);
        break;
      case 'preview':
      case 'picture':
        break;
    }
  }

  end(): void {
    if (this.isOpen) this.stream.write('\n');
    this.isOpen = false;
  }

  private line(text: string): void {
    this.end();
    this.stream.write(`${text}\n`);
  }

  private rewrite(text: string): void {
    if (!this.stream.isTTY) {
      this.stream.write(`${text}\n`);
      return;
    }
    this.stream.write(`\r\x1b[2K${text}`);
    this.isOpen = true;
  }
}

export const seconds = (ms: number): string =>
  ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
