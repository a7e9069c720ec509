// Draws the app's icon, build/icon.png: three strokes of paint over a toned ground. Run by hand when the drawing changes.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { main, root } from './bootstrap.mjs';

const SIZE_PX = 1024;

const drawing = `
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1024 1024">
  <defs>
    <linearGradient id="ground" x1="0" y1="0" x2="1" y2="1">
      <stop offset="0" stop-color="#8a5a34"/>
      <stop offset="1" stop-color="#4a2d1d"/>
    </linearGradient>
    <clipPath id="tile"><rect x="64" y="64" width="896" height="896" rx="200"/></clipPath>
  </defs>
  <g clip-path="url(#tile)" fill="none" stroke-linecap="round">
    <rect x="64" y="64" width="896" height="896" fill="url(#ground)"/>
    <path d="M-40 760 C 220 560 420 900 640 690 S 940 520 1080 600" stroke="#2f6f73" stroke-width="250"/>
    <path d="M-40 610 C 240 430 430 730 660 520 S 930 380 1080 430" stroke="#e2a33b" stroke-width="150"/>
    <path d="M180 330 C 330 210 470 400 610 290" stroke="#f4e7d0" stroke-width="84"/>
    <circle cx="752" cy="250" r="62" fill="#d8553a"/>
  </g>
</svg>`;

await main(async () => {
  mkdirSync(join(root, 'build'), { recursive: true });
  const icon = sharp(Buffer.from(drawing))
    .resize(SIZE_PX, SIZE_PX)
    .png({ compressionLevel: 9, palette: true });
  await icon.toFile(join(root, 'build/icon.png'));
});
