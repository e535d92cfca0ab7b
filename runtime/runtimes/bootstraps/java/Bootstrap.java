// A client of the Lambda Runtime API for Java handlers, on the JDK alone: plain methods (pkg.Type::method), and the
// interfaces of aws-lambda-java-core where a function brings them along (RequestHandler, RequestStreamHandler).

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Proxy;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

public final class Bootstrap {
    private static final String CORE = "com.amazonaws.services.lambda.runtime.";
    private static final String API = "http://" + System.getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime";

    public static void main(String[] arguments) throws Exception {
        System.setProperty("http.keepAlive", "true");
        Handler handler;
        try {
            handler = load(System.getenv("_HANDLER"));
        } catch (Throwable error) {
            Throwable cause = unwrapped(error);
            cause.printStackTrace();
            post("/init/error", report(cause), typeOf(cause));
            System.exit(1);
            return;
        }
        while (true) {
            HttpURLConnection next = open("/invocation/next");
            byte[] event = all(next);
            String id = next.getHeaderField("Lambda-Runtime-Aws-Request-Id");
            String trace = next.getHeaderField("Lambda-Runtime-Trace-Id");
            if (trace != null) System.setProperty("com.amazonaws.xray.traceHeader", trace);
            serve(handler, id, event, next);
        }
    }

    private static void serve(Handler handler, String id, byte[] event, HttpURLConnection next) throws Exception {
        byte[] answer;
        try {
            answer = handler.call(event, new Facts(next));
        } catch (Throwable error) {
            Throwable cause = unwrapped(error);
            cause.printStackTrace();
            System.err.flush();
            System.out.flush();
            post("/invocation/" + id + "/error", report(cause), typeOf(cause));
            // Memory that is gone, or code that cannot be linked, does not come back with the next event.
            if (cause instanceof VirtualMachineError || cause instanceof LinkageError) System.exit(1);
            return;
        }
        System.out.flush();
        post("/invocation/" + id + "/response", answer, null);
    }

    // ------------------------------------------------------------ the API

    private static HttpURLConnection open(String path) throws Exception {
        return (HttpURLConnection) URI.create(API + path).toURL().openConnection();
    }

    private static byte[] all(HttpURLConnection connection) throws Exception {
        InputStream stream = connection.getResponseCode() < 400 ? connection.getInputStream() : connection.getErrorStream();
        if (stream == null) return new byte[0];
        try (stream) {
            return stream.readAllBytes();
        }
    }

    private static void post(String path, byte[] body, String errorType) throws Exception {
        HttpURLConnection connection = open(path);
        connection.setRequestMethod("POST");
        connection.setDoOutput(true);
        connection.setFixedLengthStreamingMode(body.length);
        connection.setRequestProperty("Content-Type", "application/json");
        if (errorType != null) connection.setRequestProperty("Lambda-Runtime-Function-Error-Type", errorType);
        try (OutputStream stream = connection.getOutputStream()) {
            stream.write(body);
        }
        all(connection);
    }

    private static Throwable unwrapped(Throwable error) {
        while ((error instanceof InvocationTargetException || error instanceof ExceptionInInitializerError) && error.getCause() != null) {
            error = error.getCause();
        }
        return error;
    }

    private static String typeOf(Throwable error) {
        return error instanceof Fault ? ((Fault) error).type : error.getClass().getName();
    }

    private static byte[] report(Throwable error) {
        return Json.write(described(error, 0)).getBytes(StandardCharsets.UTF_8);
    }

    private static Map<String, Object> described(Throwable error, int depth) {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("errorMessage", error.getMessage());
        shown.put("errorType", typeOf(error));
        List<String> trace = new ArrayList<>();
        for (StackTraceElement element : error.getStackTrace()) {
            if (element.getClassName().startsWith("Bootstrap")) break;
            trace.add(element.toString());
        }
        trace.removeIf(line -> line.contains("jdk.internal.reflect.") || line.contains("java.lang.reflect.Method.invoke"));
        shown.put("stackTrace", trace);
        if (error.getCause() != null && error.getCause() != error && depth < 16) {
            shown.put("cause", described(error.getCause(), depth + 1));
        }
        return shown;
    }

    private static final class Fault extends RuntimeException {
        final String type;

        Fault(String type, String message, Throwable cause) {
            super(message, cause);
            this.type = type;
        }
    }

    // ------------------------------------------------------------ the handler

    private interface Handler {
        byte[] call(byte[] event, Facts facts) throws Throwable;
    }

    private static Handler load(String text) throws Throwable {
        ClassLoader loader = new URLClassLoader(classPath(), Bootstrap.class.getClassLoader());
        Thread.currentThread().setContextClassLoader(loader);
        String[] parts = text.split("::", 2);
        Class<?> type;
        try {
            type = Class.forName(parts[0], true, loader);
        } catch (ClassNotFoundException error) {
            throw new Fault("java.lang.ClassNotFoundException", "Class not found: " + parts[0], error);
        }
        Class<?> streams = optional(loader, "RequestStreamHandler");
        Class<?> requests = optional(loader, "RequestHandler");
        Class<?> context = optional(loader, "Context");
        boolean named = parts.length == 2 && !parts[1].equals("handleRequest");
        if (!named && streams != null && streams.isAssignableFrom(type)) {
            return method(type, streams.getMethod("handleRequest", InputStream.class, OutputStream.class, context), context, null);
        }
        if (!named && requests != null && requests.isAssignableFrom(type)) {
            Method declared = requests.getMethod("handleRequest", Object.class, context);
            return method(type, declared, context, eventTypeOf(type, requests));
        }
        if (parts.length < 2) {
            throw new Fault("Runtime.HandlerNotFound", "Class " + text + " does not implement an appropriate handler interface", null);
        }
        return method(type, find(type, parts[1], context), context, null);
    }

    private static URL[] classPath() throws Exception {
        List<URL> found = new ArrayList<>();
        String task = System.getenv("LAMBDA_TASK_ROOT");
        found.add(new File(task).toURI().toURL());
        for (String folder : List.of(task + "/lib", task, "/opt/java/lib")) {
            File[] files = new File(folder).listFiles((where, name) -> name.endsWith(".jar"));
            if (files == null) continue;
            Arrays.sort(files);
            for (File file : files) found.add(file.toURI().toURL());
        }
        return found.toArray(new URL[0]);
    }

    private static Class<?> optional(ClassLoader loader, String name) {
        try {
            return Class.forName(CORE + name, true, loader);
        } catch (ClassNotFoundException error) {
            return null;
        }
    }

    // AWS: of several methods of that name the one with most parameters, one with a context last before others.
    private static Method find(Class<?> type, String name, Class<?> context) {
        Method best = null;
        for (Method one : type.getMethods()) {
            if (!one.getName().equals(name) || one.isBridge()) continue;
            if (best == null || rank(one, context) > rank(best, context)) best = one;
        }
        if (best == null) {
            throw new Fault("Runtime.HandlerNotFound", "No public method named " + name + " with appropriate method signature found on class " + type.getName(), null);
        }
        return best;
    }

    private static int rank(Method method, Class<?> context) {
        Class<?>[] parameters = method.getParameterTypes();
        boolean last = context != null && parameters.length > 0 && parameters[parameters.length - 1] == context;
        return parameters.length * 2 + (last ? 1 : 0);
    }

    private static Type eventTypeOf(Class<?> type, Class<?> requests) {
        for (Class<?> here = type; here != null; here = here.getSuperclass()) {
            for (Type one : here.getGenericInterfaces()) {
                if (one instanceof ParameterizedType && ((ParameterizedType) one).getRawType() == requests) {
                    return ((ParameterizedType) one).getActualTypeArguments()[0];
                }
            }
        }
        return Object.class;
    }

    private static Handler method(Class<?> type, Method method, Class<?> context, Type eventType) throws Throwable {
        Object instance = Modifier.isStatic(method.getModifiers()) ? null : instance(type);
        Type[] types = method.getGenericParameterTypes();
        Class<?>[] raw = method.getParameterTypes();
        method.setAccessible(true);
        return (event, facts) -> {
            Object[] values = new Object[types.length];
            ByteArrayOutputStream output = null;
            for (int i = 0; i < types.length; i++) {
                if (raw[i] == context) values[i] = facts.as(context);
                else if (raw[i] == InputStream.class) values[i] = new ByteArrayInputStream(event);
                else if (raw[i] == OutputStream.class) values[i] = output = new ByteArrayOutputStream();
                else values[i] = read(event, eventType == null ? types[i] : eventType);
            }
            Object result = method.invoke(instance, values);
            if (output != null) return output.toByteArray();
            if (method.getReturnType() == void.class) return "null".getBytes(StandardCharsets.UTF_8);
            return Json.write(result).getBytes(StandardCharsets.UTF_8);
        };
    }

    private static Object read(byte[] event, Type type) {
        try {
            return Json.convert(Json.parse(new String(event, StandardCharsets.UTF_8)), type);
        } catch (RuntimeException error) {
            throw new Fault("Runtime.UnmarshalError", "An error occurred during JSON parsing: " + error.getMessage(), error);
        }
    }

    private static Object instance(Class<?> type) throws Throwable {
        Constructor<?> constructor = type.getDeclaredConstructor();
        constructor.setAccessible(true);
        return constructor.newInstance();
    }

    // ------------------------------------------------------------ the context

    private static final class Facts {
        private final String id;
        private final String arn;
        private final String client;
        private final long deadline;

        Facts(HttpURLConnection next) {
            id = next.getHeaderField("Lambda-Runtime-Aws-Request-Id");
            arn = next.getHeaderField("Lambda-Runtime-Invoked-Function-Arn");
            client = next.getHeaderField("Lambda-Runtime-Client-Context");
            deadline = Long.parseLong(next.getHeaderField("Lambda-Runtime-Deadline-Ms"));
        }

        Object as(Class<?> type) {
            return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                switch (method.getName()) {
                    case "getAwsRequestId": return id;
                    case "getInvokedFunctionArn": return arn;
                    case "getFunctionName": return System.getenv("AWS_LAMBDA_FUNCTION_NAME");
                    case "getFunctionVersion": return System.getenv("AWS_LAMBDA_FUNCTION_VERSION");
                    case "getLogGroupName": return System.getenv("AWS_LAMBDA_LOG_GROUP_NAME");
                    case "getLogStreamName": return System.getenv("AWS_LAMBDA_LOG_STREAM_NAME");
                    case "getMemoryLimitInMB": return Integer.parseInt(System.getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"));
                    case "getRemainingTimeInMillis": return (int) Math.max(0, deadline - System.currentTimeMillis());
                    case "getLogger": return logger(method.getReturnType());
                    case "getClientContext": return client == null ? null : clientContext(method.getReturnType());
                    case "hashCode": return System.identityHashCode(proxy);
                    case "equals": return proxy == arguments[0];
                    case "toString": return "Context(" + id + ")";
                    default: return null;
                }
            });
        }

        @SuppressWarnings("unchecked")
        private Object clientContext(Class<?> type) {
            Map<String, Object> values = (Map<String, Object>) Json.parse(client);
            return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                switch (method.getName()) {
                    case "getCustom": return values.get("custom");
                    case "getEnvironment": return values.get("env");
                    default: return null;
                }
            });
        }

        private static Object logger(Class<?> type) {
            return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                if (!method.getName().equals("log")) return null;
                if (arguments[0] instanceof byte[]) System.out.write((byte[]) arguments[0]);
                else System.out.println(arguments[0]);
                System.out.flush();
                return null;
            });
        }
    }

    // ------------------------------------------------------------ JSON

    private static final class Json {
        private static final int MAX_DEPTH = 512;
        private final String text;
        private int at;

        private Json(String text) {
            this.text = text;
        }

        static Object parse(String text) {
            Json reader = new Json(text);
            Object value = reader.value(0);
            reader.space();
            if (reader.at < text.length()) throw reader.bad();
            return value;
        }

        private IllegalArgumentException bad() {
            return new IllegalArgumentException("unexpected character at " + at);
        }

        private void space() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
        }

        private char peek() {
            space();
            if (at >= text.length()) throw bad();
            return text.charAt(at);
        }

        private boolean take(char wanted) {
            if (peek() != wanted) return false;
            at++;
            return true;
        }

        private Object word(String word, Object value) {
            if (!text.startsWith(word, at)) throw bad();
            at += word.length();
            return value;
        }

        private Object value(int depth) {
            if (depth > MAX_DEPTH) throw new IllegalArgumentException("nested too deeply");
            switch (peek()) {
                case '{': return object(depth);
                case '[': return array(depth);
                case '"': return string();
                case 't': return word("true", true);
                case 'f': return word("false", false);
                case 'n': return word("null", null);
                default: return number();
            }
        }

        private Map<String, Object> object(int depth) {
            Map<String, Object> found = new LinkedHashMap<>();
            at++;
            if (take('}')) return found;
            do {
                if (peek() != '"') throw bad();
                String name = string();
                if (!take(':')) throw bad();
                found.put(name, value(depth + 1));
            } while (take(','));
            if (!take('}')) throw bad();
            return found;
        }

        private List<Object> array(int depth) {
            List<Object> found = new ArrayList<>();
            at++;
            if (take(']')) return found;
            do found.add(value(depth + 1)); while (take(','));
            if (!take(']')) throw bad();
            return found;
        }

        private String string() {
            StringBuilder found = new StringBuilder();
            at++;
            while (at < text.length()) {
                char one = text.charAt(at++);
                if (one == '"') return found.toString();
                found.append(one == '\\' ? escaped() : one);
            }
            throw bad();
        }

        private char escaped() {
            if (at >= text.length()) throw bad();
            char one = text.charAt(at++);
            int simple = "bfnrt".indexOf(one);
            if (simple >= 0) return "\b\f\n\r\t".charAt(simple);
            if (one != 'u') return one;
            if (at + 4 > text.length()) throw bad();
            at += 4;
            return (char) Integer.parseInt(text.substring(at - 4, at), 16);
        }

        private Object number() {
            int start = at;
            while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
            String found = text.substring(start, at);
            if (found.isEmpty()) throw bad();
            try {
                if (found.matches("-?\\d{1,9}")) return Integer.valueOf(found);
                if (found.matches("-?\\d{1,18}")) return Long.valueOf(found);
                if (found.matches("-?\\d{1,400}")) return new BigInteger(found);
                return Double.valueOf(found);
            } catch (NumberFormatException error) {
                throw bad();
            }
        }

        // From a parsed value to what a parameter wants.
        static Object convert(Object value, Type type) {
            if (type instanceof ParameterizedType) return generic(value, (ParameterizedType) type);
            if (type instanceof WildcardType) return convert(value, ((WildcardType) type).getUpperBounds()[0]);
            if (type instanceof TypeVariable) return value;
            if (type instanceof GenericArrayType) return list(value, ((GenericArrayType) type).getGenericComponentType()).toArray();
            Class<?> raw = (Class<?>) type;
            if (value == null || raw == Object.class) return value;
            if (raw == String.class) return value instanceof String ? value : write(value);
            if (raw == boolean.class || raw == Boolean.class || raw.isPrimitive() || Number.class.isAssignableFrom(raw) || raw == Character.class) return scalar(value, raw);
            if (raw.isEnum()) return constant(value, raw);
            if (raw.isArray()) return array(value, raw.getComponentType());
            if (Map.class.isAssignableFrom(raw)) return value;
            if (Collection.class.isAssignableFrom(raw)) return Set.class.isAssignableFrom(raw) ? new LinkedHashSet<>((List<?>) value) : value;
            return bean(value, raw);
        }

        private static Object generic(Object value, ParameterizedType type) {
            Class<?> raw = (Class<?>) type.getRawType();
            Type[] arguments = type.getActualTypeArguments();
            if (raw == Optional.class) return Optional.ofNullable(value == null ? null : convert(value, arguments[0]));
            if (value == null) return null;
            if (Map.class.isAssignableFrom(raw)) {
                Map<Object, Object> found = new LinkedHashMap<>();
                ((Map<?, ?>) value).forEach((key, one) -> found.put(convert(key, arguments[0]), convert(one, arguments[1])));
                return found;
            }
            if (Collection.class.isAssignableFrom(raw)) {
                List<Object> found = list(value, arguments[0]);
                return Set.class.isAssignableFrom(raw) ? new LinkedHashSet<>(found) : found;
            }
            return convert(value, raw);
        }

        private static List<Object> list(Object value, Type type) {
            List<Object> found = new ArrayList<>();
            for (Object one : (List<?>) value) found.add(convert(one, type));
            return found;
        }

        private static Object array(Object value, Class<?> type) {
            List<Object> found = list(value, type);
            Object made = Array.newInstance(type, found.size());
            for (int i = 0; i < found.size(); i++) Array.set(made, i, found.get(i));
            return made;
        }

        private static Object scalar(Object value, Class<?> raw) {
            if (raw == boolean.class || raw == Boolean.class) return value instanceof String ? (Object) Boolean.valueOf((String) value) : (Boolean) value;
            if (raw == char.class || raw == Character.class) return value.toString().charAt(0);
            BigDecimal number = new BigDecimal(value.toString());
            if (raw == int.class || raw == Integer.class) return number.intValueExact();
            if (raw == long.class || raw == Long.class) return number.longValueExact();
            if (raw == double.class || raw == Double.class) return number.doubleValue();
            if (raw == float.class || raw == Float.class) return number.floatValue();
            if (raw == short.class || raw == Short.class) return number.shortValueExact();
            if (raw == byte.class || raw == Byte.class) return number.byteValueExact();
            return raw == BigInteger.class ? (Object) number.toBigIntegerExact() : number;
        }

        private static Object constant(Object value, Class<?> raw) {
            for (Object one : raw.getEnumConstants()) {
                if (((Enum<?>) one).name().equals(value)) return one;
            }
            throw new IllegalArgumentException("no " + raw.getName() + ": " + value);
        }

        private static Object bean(Object value, Class<?> raw) {
            if (!(value instanceof Map)) throw new IllegalArgumentException("Cannot make a " + raw.getName() + " of " + value.getClass().getSimpleName());
            Object made;
            try {
                made = instance(raw);
            } catch (Throwable error) {
                throw new IllegalArgumentException("Cannot make a " + raw.getName() + ": it needs a constructor without parameters", error);
            }
            Map<String, Object> values = new LinkedHashMap<>();
            ((Map<?, ?>) value).forEach((key, one) -> values.put(key.toString().toLowerCase(), one));
            for (Method one : raw.getMethods()) {
                if (!one.getName().startsWith("set") || one.getParameterCount() != 1 || one.getName().length() == 3) continue;
                String name = one.getName().substring(3).toLowerCase();
                if (values.containsKey(name)) assign(made, one, convert(values.get(name), one.getGenericParameterTypes()[0]));
            }
            for (java.lang.reflect.Field one : raw.getFields()) {
                String name = one.getName().toLowerCase();
                int modifiers = one.getModifiers();
                if (!values.containsKey(name) || Modifier.isStatic(modifiers) || Modifier.isFinal(modifiers)) continue;
                try {
                    one.set(made, convert(values.get(name), one.getGenericType()));
                } catch (IllegalAccessException error) {
                    throw new IllegalArgumentException(error);
                }
            }
            return made;
        }

        private static void assign(Object made, Method setter, Object value) {
            if (value == null && setter.getParameterTypes()[0].isPrimitive()) return;
            try {
                setter.setAccessible(true);
                setter.invoke(made, value);
            } catch (ReflectiveOperationException error) {
                throw new IllegalArgumentException(error);
            }
        }

        static String write(Object value) {
            StringBuilder found = new StringBuilder();
            write(value, found, 0);
            return found.toString();
        }

        private static void write(Object value, StringBuilder to, int depth) {
            if (depth > MAX_DEPTH) throw new Fault("Runtime.MarshalError", "the result is nested too deeply, or holds itself", null);
            if (value == null || value instanceof Boolean) to.append(value);
            else if (value instanceof Double && !Double.isFinite((Double) value) || value instanceof Float && !Float.isFinite((Float) value)) quote(value.toString(), to);
            else if (value instanceof Number) to.append(value);
            else if (value instanceof CharSequence || value instanceof Character || value instanceof Enum) quote(value instanceof Enum ? ((Enum<?>) value).name() : value.toString(), to);
            else if (value instanceof Optional) write(((Optional<?>) value).orElse(null), to, depth + 1);
            else if (value instanceof Map) fields((Map<?, ?>) value, to, depth);
            else if (value instanceof Iterable) items((Iterable<?>) value, to, depth);
            else if (value.getClass().isArray()) items(boxed(value), to, depth);
            else if (value.getClass().getName().startsWith("java.")) quote(value.toString(), to);
            else fields(properties(value), to, depth);
        }

        private static List<Object> boxed(Object array) {
            List<Object> found = new ArrayList<>();
            for (int i = 0; i < Array.getLength(array); i++) found.add(Array.get(array, i));
            return found;
        }

        private static void items(Iterable<?> values, StringBuilder to, int depth) {
            String between = "[";
            for (Object one : values) {
                to.append(between);
                write(one, to, depth + 1);
                between = ",";
            }
            to.append(between.equals("[") ? "[]" : "]");
        }

        private static void fields(Map<?, ?> values, StringBuilder to, int depth) {
            String between = "{";
            for (Map.Entry<?, ?> one : values.entrySet()) {
                to.append(between);
                quote(String.valueOf(one.getKey()), to);
                to.append(':');
                write(one.getValue(), to, depth + 1);
                between = ",";
            }
            to.append(between.equals("{") ? "{}" : "}");
        }

        private static Map<String, Object> properties(Object value) {
            Map<String, Object> found = new java.util.TreeMap<>();
            try {
                for (java.lang.reflect.Field one : value.getClass().getFields()) {
                    if (!Modifier.isStatic(one.getModifiers())) found.put(one.getName(), one.get(value));
                }
                for (Method one : value.getClass().getMethods()) {
                    String name = one.getName();
                    if (one.getParameterCount() > 0 || one.getDeclaringClass() == Object.class || Modifier.isStatic(one.getModifiers())) continue;
                    String rest = name.startsWith("get") ? name.substring(3) : name.startsWith("is") && one.getReturnType() == boolean.class ? name.substring(2) : "";
                    boolean component = value.getClass().isRecord() && Arrays.stream(value.getClass().getRecordComponents()).anyMatch(part -> part.getName().equals(name));
                    if (rest.isEmpty() && !component) continue;
                    one.setAccessible(true);
                    found.put(component ? name : Character.toLowerCase(rest.charAt(0)) + rest.substring(1), one.invoke(value));
                }
            } catch (ReflectiveOperationException error) {
                throw new Fault("Runtime.MarshalError", "Unable to read the result's properties: " + error, error);
            }
            return found;
        }

        private static void quote(String value, StringBuilder to) {
            to.append('"');
            for (int i = 0; i < value.length(); i++) {
                char one = value.charAt(i);
                if (one == '"' || one == '\\') to.append('\\').append(one);
                else if (one < ' ' || Character.isSurrogate(one)) to.append(String.format("\\u%04x", (int) one));
                else to.append(one);
            }
            to.append('"');
        }
    }
}
