/** The keys of every form: Ctrl + Enter submits, Escape leaves. To be asked before the fields are; Escape closes an open list first, then the form. */
export const formKeys = (submit: () => unknown, leave: () => unknown) => (event: KeyboardEvent): void => {
  const submits = event.key === 'Enter' && (event.ctrlKey || event.metaKey)
  const cancels = event.key === 'Escape' && (event.target as HTMLElement).getAttribute('aria-expanded') !== 'true'
  if (!submits && !cancels) return
  event.preventDefault()
  event.stopPropagation()
  if (submits) submit()
  else leave()
}
