/** Where the picture lies on the stage: pure arithmetic of zoom and pan. Stage coordinates are CSS pixels. */
export interface View {
  /** CSS pixels per pixel of the picture. */
  scale: number;
  /** Where the picture's corner lies. */
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

/** The closest that one can look: this many CSS pixels for one of the picture. */
const MAX_SCALE = 32;
/** So many CSS pixels of the picture always stay on the stage. */
const KEPT_PX = 48;

/** The whole picture in the middle of the stage; a small one is enlarged to fill it. */
export function fitView(picture: Size, stage: Size): View {
  const scale = Math.min(stage.width / picture.width, stage.height / picture.height);
  return centred(picture, stage, scale);
}

/** The picture at a scale, in the middle of the stage. */
export function centred(picture: Size, stage: Size, scale: number): View {
  return {
    scale,
    x: (stage.width - picture.width * scale) / 2,
    y: (stage.height - picture.height * scale) / 2,
  };
}

/** Larger or smaller by a factor; what lies under the point stays there. */
export function zoomAt(
  view: View,
  factor: number,
  at: { x: number; y: number },
  picture: Size,
  stage: Size,
): View {
  const smallest = Math.min(fitView(picture, stage).scale, 1) / 4;
  const scale = Math.min(MAX_SCALE, Math.max(smallest, view.scale * factor));
  const ratio = scale / view.scale;
  return keepInSight(
    { scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio },
    picture,
    stage,
  );
}

/** Moved, but never out of sight. */
export function panBy(view: View, dx: number, dy: number, picture: Size, stage: Size): View {
  return keepInSight({ ...view, x: view.x + dx, y: view.y + dy }, picture, stage);
}

function keepInSight(view: View, picture: Size, stage: Size): View {
  const within = (start: number, length: number, room: number): number => {
    const kept = Math.min(KEPT_PX, length);
    return Math.min(room - kept, Math.max(kept - length, start));
  };
  return {
    scale: view.scale,
    x: within(view.x, picture.width * view.scale, stage.width),
    y: within(view.y, picture.height * view.scale, stage.height),
  };
}
