// A small process that speaks the engine's protocol and misbehaves on demand: for tests of the supervision alone.
// The prompt of a `prompt.count-tokens` request says what to do; img2img requests wait until they are cancelled.
const send = (message) => process.send?.(message);

if (process.env.UNDERPAINT_FAKE_START === 'die') process.exit(3);
if (process.env.UNDERPAINT_FAKE_START === 'silent') setInterval(() => undefined, 1000);
else send({ type: 'ready', version: 'fake' });

const answer = (id, value) => send({ type: 'answer', id, ok: true, value });
const tokens = (count) => ({ tokens: count, limit: 75 });

process.on('message', (message) => {
  if (message.type === 'cancel') {
    if (process.env.UNDERPAINT_FAKE_CANCEL !== 'ignore')
      send({
        type: 'answer',
        id: message.id,
        ok: false,
        error: { code: 'cancelled', message: 'Cancelled.' },
      });
    return;
  }
  const prompt = message.params.prompt;
  if (prompt === undefined) {
    send({ type: 'progress', id: message.id, progress: { kind: 'notice', message: 'working' } });
    return;
  }
  if (prompt === 'die') process.exit(134);
  if (prompt === 'out of memory') process.kill(process.pid, 'SIGKILL');
  if (prompt === 'complain and die') {
    process.stderr.write('the reason is written here\n', () => process.exit(1));
    return;
  }
  if (prompt === 'answer and die') {
    process.send({ type: 'answer', id: message.id, ok: true, value: tokens(7) }, () => process.exit(9));
    return;
  }
  if (prompt === 'refuse') {
    send({ type: 'answer', id: message.id, ok: false, error: { code: 'input', message: 'No.' } });
    return;
  }
  if (prompt === 'garbage first') {
    send('nonsense');
    send({ type: 'progress', id: message.id, progress: { kind: 'unknown' } });
    send({ type: 'answer', id: 999_999, ok: true, value: tokens(1) });
  }
  if (prompt === 'bad envelope') return send({ type: 'answer', id: message.id });
  if (prompt === 'bad answer') return answer(message.id, { tokens: 'many' });
  if (prompt === 'pid') return answer(message.id, tokens(process.pid));
  if (prompt === 'environment') return answer(message.id, tokens(Object.keys(process.env).length));
  answer(message.id, tokens(prompt.length));
});
process.on('disconnect', () => process.exit(0));
