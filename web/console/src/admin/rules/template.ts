// The text of a template in pieces: words, and what is filled in. `{{` and `}}` are braces of the text's own.
export interface Part { text: string; name?: string }

export function partsOf(text: string): Part[] {
  const parts: Part[] = []
  let words = ''
  const push = () => { if (words) parts.push({ text: words }); words = '' }
  for (const piece of text.match(/\{\{|\}\}|\{[^{}]*\}|[^{}]+|[{}]/g) ?? []) {
    if (piece === '{{' || piece === '}}') words += piece[0]
    else if (piece.length > 1 && piece.startsWith('{')) { push(); parts.push({ text: piece, name: piece.slice(1, -1) }) }
    else words += piece
  }
  push()
  return parts
}
