/** The stage table that people see after a job. */
import type { JobReport } from '../../../shared/job';
import { seconds } from './progress';

/** Lines of a plain text table: stage, where, time, why. */
export function stageTable(report: Pick<JobReport, 'stages' | 'totalMs' | 'peakRssBytes'>): string {
  const rows = report.stages.map((stage) => [
    stage.stage,
    stage.where === 'remote'
      ? `remote, ${stage.bytesSent} bytes sent`
      : stage.device === 'none'
        ? '-'
        : `${stage.where} ${stage.device}${stage.provider !== null && stage.provider !== 'cpu' ? ` (${stage.provider})` : ''}${stage.tiled ? ', tiled' : ''}`,
    seconds(stage.ms),
    stage.reason,
  ]);
  const table = [['stage', 'where', 'time', 'why'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => (row[column] ?? '').length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const memory = `${Math.round(report.peakRssBytes / 2 ** 20)} MiB`;
  return [...lines, `total ${seconds(report.totalMs)}, at most ${memory} of memory`].join('\n');
}
