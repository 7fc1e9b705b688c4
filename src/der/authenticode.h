int mo_authenticode_parse(const uint8_t *der, size_t len, struct mo_cms *out, struct modulo_error *err);
