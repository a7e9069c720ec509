// For the page's build: whatever of shared/ the page does not use is left out of it. The bundler must keep a call whose result nobody
// uses, because it might do something; shared/ only declares, so there every call at the top of a file is marked as one that does not.
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const shared = resolve(fileURLToPath(import.meta.url), '../../shared');

/** A Vite plugin. Without it the page would carry the schema library, which only the doors of the other processes need. */
export const droppableShared = () => ({
  name: 'underpaint:droppable-shared',
  enforce: 'post',
  transform(code, id) {
    if (relative(shared, id.split('?')[0]).startsWith('..')) return null;
    const inits = this.parse(code)
      .body.map((statement) =>
        statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement,
      )
      .flatMap((declaration) => (declaration?.type === 'VariableDeclaration' ? declaration.declarations : []))
      .flatMap(({ init }) => (init?.type === 'CallExpression' ? [init] : []));
    let droppable = code;
    for (const { start, end } of inits.reverse()) {
      const expression = code.slice(start, end);
      droppable = `${droppable.slice(0, start)}/* @__PURE__ */ (() => (${expression}))()${droppable.slice(end)}`;
    }
    // No file is shown with these lines, so none has a map of them.
    return { code: droppable, map: null, moduleSideEffects: false };
  },
});
