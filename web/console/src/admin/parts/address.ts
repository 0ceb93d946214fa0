// What a screen is asked for stands in its address: a filter, the row at hand. It can be sent to a colleague, and “back” goes back.
import { computed, type WritableComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/** One member of the address' query as a text; empty when it is not there, and taken away when it is set to nothing. */
export function useAsked(name: string): WritableComputedRef<string> {
  const route = useRoute()
  const router = useRouter()
  return computed({
    get: () => { const value = route.query[name]; return typeof value === 'string' ? value : '' },
    set: (value) => { void router.replace({ query: { ...route.query, [name]: value || undefined } }) },
  })
}
