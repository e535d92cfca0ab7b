// A client of the Lambda Runtime API for C# handlers of the form Assembly::Namespace.Type::Method, on Mono alone.
// Parameters and results: Stream, string, numbers, classes and collections as JSON, Task and Task<T>; ILambdaContext
// where a function brings Amazon.Lambda.Core along.

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Reflection;
using System.Runtime.Remoting.Messaging;
using System.Runtime.Remoting.Proxies;
using System.Text;
using System.Threading.Tasks;
using System.Web.Script.Serialization;

public static class Bootstrap
{
    const string ContextInterface = "Amazon.Lambda.Core.ILambdaContext";
    static readonly string Api = "http://" + Environment.GetEnvironmentVariable("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime";
    static readonly string Task = Environment.GetEnvironmentVariable("LAMBDA_TASK_ROOT");
    static readonly JavaScriptSerializer Json = new JavaScriptSerializer { MaxJsonLength = int.MaxValue, RecursionLimit = 256 };

    public static int Main()
    {
        ServicePointManager.Expect100Continue = false;
        ServicePointManager.DefaultConnectionLimit = 64;
        WebRequest.DefaultWebProxy = null; // the API is on this machine
        AppDomain.CurrentDomain.AssemblyResolve += (sender, wanted) => Load(new AssemblyName(wanted.Name).Name);
        Func<byte[], Facts, byte[]> handler;
        try
        {
            handler = Find(Environment.GetEnvironmentVariable("_HANDLER"));
        }
        catch (Exception error)
        {
            Fail("/init/error", Unwrapped(error));
            return 1;
        }
        while (true) Serve(handler);
    }

    static void Serve(Func<byte[], Facts, byte[]> handler)
    {
        byte[] body;
        var next = Call("GET", "/invocation/next", null, null, out body);
        var id = next["Lambda-Runtime-Aws-Request-Id"];
        Environment.SetEnvironmentVariable("_X_AMZN_TRACE_ID", next["Lambda-Runtime-Trace-Id"]);
        byte[] answer;
        try
        {
            answer = handler(body, new Facts(next));
        }
        catch (Exception error)
        {
            Fail("/invocation/" + id + "/error", Unwrapped(error));
            return;
        }
        Console.Out.Flush();
        Call("POST", "/invocation/" + id + "/response", answer, null, out body);
    }

    // ---------------------------------------------------------------- the API

    static WebHeaderCollection Call(string method, string path, byte[] body, string errorType, out byte[] answer)
    {
        var request = (HttpWebRequest)WebRequest.Create(Api + path);
        request.Method = method;
        request.Timeout = request.ReadWriteTimeout = -1; // the next event may be long in coming
        if (errorType != null) request.Headers["Lambda-Runtime-Function-Error-Type"] = errorType;
        if (body != null)
        {
            request.ContentType = "application/json";
            request.ContentLength = body.Length;
            using (var stream = request.GetRequestStream()) stream.Write(body, 0, body.Length);
        }
        HttpWebResponse response;
        try
        {
            response = (HttpWebResponse)request.GetResponse();
        }
        catch (WebException refused) when (refused.Response != null && method == "POST")
        {
            response = (HttpWebResponse)refused.Response; // too large, too late: the invocation has its outcome
        }
        using (response)
        using (var held = new MemoryStream())
        {
            response.GetResponseStream().CopyTo(held);
            answer = held.ToArray();
            return response.Headers;
        }
    }

    static void Fail(string path, Exception error)
    {
        Console.Error.WriteLine(error);
        Console.Error.Flush();
        Console.Out.Flush();
        byte[] ignored;
        Call("POST", path, Encoding.UTF8.GetBytes(Json.Serialize(Described(error, 0))), TypeOf(error), out ignored);
    }

    static string TypeOf(Exception error)
    {
        return error is Fault ? ((Fault)error).Type : error.GetType().Name;
    }

    static Dictionary<string, object> Described(Exception error, int depth)
    {
        var lines = (error.StackTrace ?? "").Split('\n').Select(line => line.Trim());
        var shown = new Dictionary<string, object>
        {
            { "errorType", TypeOf(error) },
            { "errorMessage", error.Message },
            { "stackTrace", lines.Where(line => line.Length > 0).TakeWhile(line => !line.Contains("Bootstrap")
                && !line.Contains("(wrapper ") && !line.Contains("System.Reflection.")).ToArray() },
        };
        if (error.InnerException != null && depth < 16) shown["cause"] = Described(error.InnerException, depth + 1);
        return shown;
    }

    static Exception Unwrapped(Exception error)
    {
        while ((error is TargetInvocationException || error is AggregateException || error is TypeInitializationException) && error.InnerException != null)
            error = error.InnerException;
        return error;
    }

    sealed class Fault : Exception
    {
        public readonly string Type;

        public Fault(string type, string message) : base(message)
        {
            Type = type;
        }
    }

    // ---------------------------------------------------------------- the handler

    static Assembly Load(string name)
    {
        var file = new[] { ".dll", ".exe" }.Select(ending => Path.Combine(Task, name + ending)).FirstOrDefault(File.Exists);
        return file == null ? null : Assembly.LoadFrom(file);
    }

    static Func<byte[], Facts, byte[]> Find(string text)
    {
        var parts = text.Split(new[] { "::" }, StringSplitOptions.None);
        if (parts.Length != 3) throw new Fault("LambdaValidationException", "Invalid lambda function handler: '" + text + "'. The valid format is 'ASSEMBLY::TYPE::METHOD'.");
        var assembly = Load(parts[0]);
        if (assembly == null) throw new Fault("LambdaValidationException", "Could not find the specified handler assembly with the file name '" + parts[0] + ".dll'. The assembly should be located in the root of your uploaded .zip file.");
        var type = assembly.GetType(parts[1]);
        if (type == null) throw new Fault("LambdaValidationException", "Unable to load type '" + parts[1] + "' from assembly '" + parts[0] + "'.");
        const BindingFlags Any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy;
        var found = type.GetMethods(Any).Where(one => one.Name == parts[2]).ToArray();
        if (found.Length == 0) throw new Fault("LambdaValidationException", "Unable to find method '" + parts[2] + "' in type '" + parts[1] + "' from assembly '" + parts[0] + "'.");
        if (found.Length > 1) throw new Fault("LambdaValidationException", "Found more than one method with name '" + parts[2] + "' in type '" + parts[1] + "'.");
        var method = found[0];
        var instance = method.IsStatic ? null : Activator.CreateInstance(type);
        return (body, facts) => Written(Result(method.Invoke(instance, method.GetParameters().Select(one => Argument(one.ParameterType, body, facts)).ToArray()), method.ReturnType));
    }

    static object Argument(Type type, byte[] body, Facts facts)
    {
        if (type.FullName == ContextInterface) return new Answering(type, facts.Values()).GetTransparentProxy();
        if (type == typeof(Stream)) return new MemoryStream(body);
        try
        {
            return Json.Deserialize(Encoding.UTF8.GetString(body), type);
        }
        catch (Exception error) when (error is ArgumentException || error is InvalidOperationException)
        {
            throw new Fault("JsonSerializerException", "Error converting the Lambda event JSON payload to type " + type.FullName + ": " + error.Message);
        }
    }

    static object Result(object returned, Type type)
    {
        var task = returned as Task;
        if (task == null) return returned;
        task.GetAwaiter().GetResult();
        return type.IsGenericType ? type.GetProperty("Result").GetValue(task) : null;
    }

    static byte[] Written(object result)
    {
        var stream = result as Stream;
        if (stream == null) return Encoding.UTF8.GetBytes(Json.Serialize(result));
        using (var held = new MemoryStream())
        {
            if (stream.CanSeek) stream.Position = 0;
            stream.CopyTo(held);
            return held.ToArray();
        }
    }

    // ---------------------------------------------------------------- the context

    sealed class Facts
    {
        readonly WebHeaderCollection headers;

        public Facts(WebHeaderCollection headers)
        {
            this.headers = headers;
        }

        public Dictionary<string, Func<MethodInfo, object[], object>> Values()
        {
            var deadline = DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(headers["Lambda-Runtime-Deadline-Ms"]));
            Func<string, Func<MethodInfo, object[], object>> variable = name => (method, values) => Environment.GetEnvironmentVariable("AWS_LAMBDA_" + name);
            return new Dictionary<string, Func<MethodInfo, object[], object>>
            {
                { "get_AwsRequestId", (method, values) => headers["Lambda-Runtime-Aws-Request-Id"] },
                { "get_InvokedFunctionArn", (method, values) => headers["Lambda-Runtime-Invoked-Function-Arn"] },
                { "get_FunctionName", variable("FUNCTION_NAME") },
                { "get_FunctionVersion", variable("FUNCTION_VERSION") },
                { "get_LogGroupName", variable("LOG_GROUP_NAME") },
                { "get_LogStreamName", variable("LOG_STREAM_NAME") },
                { "get_MemoryLimitInMB", (method, values) => int.Parse(Environment.GetEnvironmentVariable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")) },
                { "get_RemainingTime", (method, values) => new[] { deadline - DateTimeOffset.UtcNow, TimeSpan.Zero }.Max() },
                { "get_Logger", (method, values) => new Answering(method.ReturnType, Logger()).GetTransparentProxy() },
            };
        }

        static Dictionary<string, Func<MethodInfo, object[], object>> Logger()
        {
            return new Dictionary<string, Func<MethodInfo, object[], object>>
            {
                { "Log", (method, values) => { Console.Write(values.Last()); Console.Out.Flush(); return null; } },
                { "LogLine", (method, values) => { Console.WriteLine(values.Last()); return null; } },
            };
        }
    }

    // An object of an interface that is known at run time only.
    sealed class Answering : RealProxy
    {
        readonly Dictionary<string, Func<MethodInfo, object[], object>> values;

        public Answering(Type type, Dictionary<string, Func<MethodInfo, object[], object>> values) : base(type)
        {
            this.values = values;
        }

        public override IMessage Invoke(IMessage message)
        {
            var call = (IMethodCallMessage)message;
            Func<MethodInfo, object[], object> found;
            var result = values.TryGetValue(call.MethodName, out found) ? found((MethodInfo)call.MethodBase, call.Args) : null;
            return new ReturnMessage(result, null, 0, call.LogicalCallContext, call);
        }
    }
}
