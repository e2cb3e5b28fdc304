using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Reflection.Emit;

namespace Orleans.Runtime;

/// <summary>
/// Emits one class per grain interface. Its instances are the references: each method packs its arguments into a value tuple and hands them to the
/// <see cref="InterfaceMethod"/> in a static field. Static methods beside them unpack the tuple and call a target.
/// </summary>
[UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Proxies are emitted.")]
internal static class ProxyEmitter
{
    private const string AssemblyName = "Dpark.Orleans.Proxies";

    private static readonly Lock Gate = new();
    private static readonly AssemblyBuilder Assembly =
        AssemblyBuilder.DefineDynamicAssembly(new AssemblyName(AssemblyName), AssemblyBuilderAccess.Run);

    private static readonly ModuleBuilder Module = Assembly.DefineDynamicModule(AssemblyName);
    private static readonly HashSet<string> OpenAssemblies = [];
    private static readonly ConstructorInfo BaseConstructor = typeof(GrainReference).GetConstructor(
        BindingFlags.Instance | BindingFlags.NonPublic, [typeof(ReferenceTarget), typeof(GrainId), typeof(SiloAddress)])!;

    private static int s_count;

    /// <exception cref="ArgumentException">A method of the interface cannot be called remotely.</exception>
    public static (ProxyFactory Create, Dictionary<uint, InterfaceMethod> Methods) Emit(Type type)
    {
        lock (Gate)
        {
            Open(typeof(GrainReference).Assembly);
            var proxy = Module.DefineType($"{type.Name}.{++s_count}", TypeAttributes.Public | TypeAttributes.Sealed, typeof(GrainReference), [type]);
            var constructor = EmitConstructor(proxy);
            var shapes = new List<MethodShape>();
            foreach (var declaring in type.GetInterfaces().Prepend(type))
            {
                Open(declaring.Assembly);
                foreach (var method in declaring.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Where(method => method.IsAbstract))
                {
                    shapes.Add(EmitMethod(proxy, new MethodShape(method, shapes.Count)));
                }
            }

            EmitFactory(proxy, constructor);
            return Complete(proxy.CreateType(), shapes);
        }
    }

    private static (ProxyFactory Create, Dictionary<uint, InterfaceMethod> Methods) Complete(Type created, List<MethodShape> shapes)
    {
        var methods = new Dictionary<uint, InterfaceMethod>(shapes.Count);
        foreach (var shape in shapes)
        {
            var invoker = created.GetMethod(shape.InvokerName, BindingFlags.Static | BindingFlags.Public)!.CreateDelegate(shape.InvokerType);
            var method = (InterfaceMethod)Activator.CreateInstance(shape.MethodType, shape.Info, invoker)!;
            created.GetField(shape.FieldName, BindingFlags.Static | BindingFlags.Public)!.SetValue(null, method);
            if (!methods.TryAdd(method.Id, method))
            {
                throw new ArgumentException(
                    $"The methods {methods[method.Id].Info} and {shape.Info} of {shape.Info.DeclaringType} have the same name on the wire. Give each its own [Alias].");
            }
        }

        return (created.GetMethod("Create", BindingFlags.Static | BindingFlags.Public)!.CreateDelegate<ProxyFactory>(), methods);
    }

    /// <summary>Lets emitted code use what is internal to an assembly.</summary>
    private static void Open(Assembly assembly)
    {
        if (OpenAssemblies.Add(assembly.GetName().Name!))
        {
            Assembly.SetCustomAttribute(new CustomAttributeBuilder(
                typeof(System.Runtime.CompilerServices.IgnoresAccessChecksToAttribute).GetConstructor([typeof(string)])!, [assembly.GetName().Name!]));
        }
    }

    private static ConstructorBuilder EmitConstructor(TypeBuilder proxy)
    {
        var constructor = proxy.DefineConstructor(
            MethodAttributes.Public, CallingConventions.Standard, [typeof(ReferenceTarget), typeof(GrainId), typeof(SiloAddress)]);
        var il = constructor.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Ldarg_3);
        il.Emit(OpCodes.Call, BaseConstructor);
        il.Emit(OpCodes.Ret);
        return constructor;
    }

    private static void EmitFactory(TypeBuilder proxy, ConstructorBuilder constructor)
    {
        var create = proxy.DefineMethod(
            "Create", MethodAttributes.Public | MethodAttributes.Static, typeof(GrainReference), [typeof(ReferenceTarget), typeof(GrainId), typeof(SiloAddress)]);
        var il = create.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Newobj, constructor);
        il.Emit(OpCodes.Ret);
    }

    private static MethodShape EmitMethod(TypeBuilder proxy, MethodShape shape)
    {
        foreach (var type in shape.ParameterTypes.Append(shape.Info.ReturnType))
        {
            OpenTypes(type);
        }

        var field = proxy.DefineField(shape.FieldName, shape.MethodType, FieldAttributes.Public | FieldAttributes.Static);
        EmitStub(proxy, shape, field);
        EmitInvoker(proxy, shape);
        return shape;
    }

    private static void OpenTypes(Type type)
    {
        Open(type.Assembly);
        foreach (var argument in type.IsGenericType ? type.GetGenericArguments() : [])
        {
            OpenTypes(argument);
        }
    }

    // return s_method.Call(this, new ValueTuple<...>(arguments), token);
    private static void EmitStub(TypeBuilder proxy, MethodShape shape, FieldBuilder field)
    {
        var stub = proxy.DefineMethod(
            $"{shape.Info.DeclaringType!.FullName}.{shape.Info.Name}.{shape.Index}",
            MethodAttributes.Private | MethodAttributes.Virtual | MethodAttributes.Final | MethodAttributes.HideBySig | MethodAttributes.NewSlot,
            shape.Info.ReturnType,
            shape.ParameterTypes);
        var il = stub.GetILGenerator();
        il.Emit(OpCodes.Ldsfld, field);
        il.Emit(OpCodes.Ldarg_0);
        EmitTuple(il, shape, 0, shape.TupleType);
        if (shape.TokenParameter >= 0)
        {
            il.Emit(OpCodes.Ldarg, (short)(shape.TokenParameter + 1));
        }
        else
        {
            var none = il.DeclareLocal(typeof(CancellationToken));
            il.Emit(OpCodes.Ldloca, none);
            il.Emit(OpCodes.Initobj, typeof(CancellationToken));
            il.Emit(OpCodes.Ldloc, none);
        }

        il.Emit(OpCodes.Callvirt, shape.MethodType.GetMethod("Call")!);
        il.Emit(OpCodes.Ret);
        proxy.DefineMethodOverride(stub, shape.Info);
    }

    private static void EmitTuple(ILGenerator il, MethodShape shape, int first, Type tuple)
    {
        if (tuple == typeof(ValueTuple))
        {
            var empty = il.DeclareLocal(tuple);
            il.Emit(OpCodes.Ldloca, empty);
            il.Emit(OpCodes.Initobj, tuple);
            il.Emit(OpCodes.Ldloc, empty);
            return;
        }

        var types = tuple.GetGenericArguments();
        for (var i = 0; i < Math.Min(types.Length, 7); i++)
        {
            var argument = shape.Arguments[first + i];
            il.Emit(OpCodes.Ldarg, (short)(argument.Position + 1));
            if (argument.IsShared)
            {
                il.Emit(OpCodes.Newobj, types[i].GetConstructor([argument.Type])!);
            }
        }

        if (types.Length == 8)
        {
            EmitTuple(il, shape, first + 7, types[7]);
        }

        il.Emit(OpCodes.Newobj, tuple.GetConstructor(types)!);
    }

    // return ((IInterface)target).Method(arguments.Item1, ..., token);
    private static void EmitInvoker(TypeBuilder proxy, MethodShape shape)
    {
        var isVoid = shape.Info.ReturnType == typeof(void);
        var invoker = proxy.DefineMethod(
            shape.InvokerName,
            MethodAttributes.Public | MethodAttributes.Static,
            isVoid ? typeof(object) : shape.Info.ReturnType,
            [typeof(object), shape.TupleType.MakeByRefType(), typeof(CancellationToken)]);
        var il = invoker.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Castclass, shape.Info.DeclaringType!);
        var next = 0;
        for (var position = 0; position < shape.ParameterTypes.Length; position++)
        {
            if (position == shape.TokenParameter)
            {
                il.Emit(OpCodes.Ldarg_2);
            }
            else
            {
                EmitArgument(il, shape, next++);
            }
        }

        il.Emit(OpCodes.Callvirt, shape.Info);
        if (isVoid)
        {
            il.Emit(OpCodes.Ldnull);
        }

        il.Emit(OpCodes.Ret);
    }

    private static void EmitArgument(ILGenerator il, MethodShape shape, int index)
    {
        var (depth, name) = ArgumentTuples.Locate(index);
        var tuple = shape.TupleType;
        il.Emit(OpCodes.Ldarg_1);
        for (var level = 0; level < depth; level++)
        {
            var rest = tuple.GetField("Rest")!;
            il.Emit(OpCodes.Ldflda, rest);
            tuple = rest.FieldType;
        }

        var field = tuple.GetField(name)!;
        if (shape.Arguments[index].IsShared)
        {
            il.Emit(OpCodes.Ldflda, field);
            il.Emit(OpCodes.Ldfld, field.FieldType.GetField("Value")!);
        }
        else
        {
            il.Emit(OpCodes.Ldfld, field);
        }
    }
}
