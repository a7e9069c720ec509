// Refuses to go on with a Node.js that is too old, in one plain sentence. Imported first by every script; only old syntax here.
// The lowest versions are those of the build tool (Vite 8: ^20.19 || >=22.12).
const [major, minor] = process.versions.node.split('.').map(Number);
const isNewEnough = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);
if (!isNewEnough) {
  process.stderr.write(
    `Underpaint needs Node.js 20.19, 22.12 or newer, but this is ${process.versions.node}: install a newer one from nodejs.org and try again.\n`,
  );
  process.exit(1);
}
