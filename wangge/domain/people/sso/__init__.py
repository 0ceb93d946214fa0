"""Single sign-on by OpenID Connect (docs/sso.md): authorization code with PKCE, claims to accounts and posts by rules that are data."""
