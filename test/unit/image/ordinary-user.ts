/** Runs file tests without the rights of root, which no permission stops. */

const NOBODY = 65534;

/** Runs `work` as an ordinary user: as it is for everybody but root, who takes off the rights for the time being. */
export async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  const { geteuid, seteuid } = process;
  if (geteuid?.call(process) !== 0 || !seteuid) return work();
  seteuid.call(process, NOBODY);
  try {
    return await work();
  } finally {
    seteuid.call(process, 0);
  }
}
