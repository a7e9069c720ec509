// Refuses to go on with a Node.js that is too old, in one plain sentence. Imported first by every script; only old syntax here.
const NEEDED = [20, 15];
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  process.stderr.write(
    `Underpaint needs Node.js ${NEEDED.join('.')} or newer, but this is ${process.versions.node}: install a newer one from nodejs.org and try again.\n`,
  );
  process.exit(1);
}
