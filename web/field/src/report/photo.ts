// A picture as it is sent: as the camera made it, or smaller when the person wants to save traffic; and a small one for lists.
import { photoSize } from '../own/settings'

const THUMB = 240

function drawn(picture: ImageBitmap, edge: number): HTMLCanvasElement {
  const scale = Math.min(1, edge / Math.max(picture.width, picture.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(picture.width * scale))
  canvas.height = Math.max(1, Math.round(picture.height * scale))
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height)
  return canvas
}

/** The file to send and its small picture ('' when the browser cannot draw it: a video, say). `whole`: it is sent as it is. */
export async function prepared(file: File, whole = false): Promise<{ file: File; thumb: string }> {
  if (!file.type.startsWith('image/')) return { file, thumb: '' }
  const picture = await createImageBitmap(file, { imageOrientation: 'from-image' }).catch(() => null)
  if (!picture) return { file, thumb: '' }
  try {
    const thumb = drawn(picture, THUMB).toDataURL('image/jpeg', 0.7)
    const edge = Number(photoSize.value)
    if (whole || !edge || Math.max(picture.width, picture.height) <= edge) return { file, thumb }
    const made = await new Promise<Blob | null>((done) => { drawn(picture, edge).toBlob(done, 'image/jpeg', 0.85) })
    return { file: made && made.size < file.size ? new File([made], file.name.replace(/\.\w+$/, '.jpg'), { type: 'image/jpeg' }) : file, thumb }
  } finally {
    picture.close()
  }
}
