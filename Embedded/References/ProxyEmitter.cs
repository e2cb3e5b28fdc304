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

    private static readonly MethodInfo ConstructMethod = typeof(GenericMethod).GetMethod(nameof(GenericMethod.Construct))!;

    private static int s_count;

    /// <exception cref="ArgumentException">A method of the interface cannot be called remotely.</exception>
    public static (ProxyFactory Create, InterfaceMethod[] Methods) Emit(Type type)
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
                    shapes.Add(EmitMethod(proxy, method, shapes.Count));
                }
            }

            EmitFactory(proxy, constructor);
            return Complete(proxy.CreateType(), shapes);
        }
    }

    private static (ProxyFactory Create, InterfaceMethod[] Methods) Complete(Type created, List<MethodShape> shapes)
    {
        var methods = new InterfaceMethod[shapes.Count];
        for (var i = 0; i < methods.Length; i++)
        {
            var shape = shapes[i];
            methods[i] = shape.TypeParameters.Length > 0 ? new GenericMethod(shape.Info, created, shape.InvokerName) : CreateMethod(created, shape);
            created.GetField(shape.FieldName, BindingFlags.Static | BindingFlags.Public)!.SetValue(null, methods[i]);
        }

        return (created.GetMethod("Create", BindingFlags.Static | BindingFlags.Public)!.CreateDelegate<ProxyFactory>(), methods);
    }

    private static InterfaceMethod CreateMethod(Type created, MethodShape shape)
    {
        var invoker = created.GetMethod(shape.InvokerName, BindingFlags.Static | BindingFlags.Public)!.CreateDelegate(shape.InvokerType);
        return (InterfaceMethod)Activator.CreateInstance(shape.MethodType, shape.Info, invoker)!;
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

    private static MethodShape EmitMethod(TypeBuilder proxy, MethodInfo info, int index)
    {
        foreach (var type in info.GetParameters().Select(parameter => parameter.ParameterType).Append(info.ReturnType))
        {
            OpenTypes(type);
        }

        var stub = proxy.DefineMethod(
            $"{info.DeclaringType!.FullName}.{info.Name}.{index}",
            MethodAttributes.Private | MethodAttributes.Virtual | MethodAttributes.Final | MethodAttributes.HideBySig | MethodAttributes.NewSlot);
        var shape = new MethodShape(info, index, DefineTypeParameters(stub, info));
        stub.SetReturnType(shape.ReturnType);
        stub.SetParameters(shape.ParameterTypes);
        var field = proxy.DefineField(
            shape.FieldName, shape.TypeParameters.Length > 0 ? typeof(GenericMethod) : shape.MethodType, FieldAttributes.Public | FieldAttributes.Static);
        EmitStub(stub.GetILGenerator(), shape, field);
        proxy.DefineMethodOverride(stub, info);
        EmitInvoker(proxy, info, shape);
        return shape;
    }

    /// <returns>Null for a method that is not generic.</returns>
    private static Type[]? DefineTypeParameters(MethodBuilder method, MethodInfo info)
    {
        if (!info.IsGenericMethodDefinition)
        {
            return null;
        }

        var parameters = info.GetGenericArguments();
        var defined = method.DefineGenericParameters([.. parameters.Select(parameter => parameter.Name)]);
        for (var i = 0; i < parameters.Length; i++)
        {
            var constraints = parameters[i].GetGenericParameterConstraints();
            foreach (var constraint in constraints)
            {
                OpenTypes(constraint);
            }

            defined[i].SetGenericParameterAttributes(parameters[i].GenericParameterAttributes);
            if (Array.Find(constraints, constraint => constraint.IsClass) is { } baseType)
            {
                defined[i].SetBaseTypeConstraint(EmittedMembers.Substitute(baseType, parameters, defined));
            }

            defined[i].SetInterfaceConstraints(
                [.. constraints.Where(constraint => !constraint.IsClass).Select(constraint => EmittedMembers.Substitute(constraint, parameters, defined))]);
        }

        return defined;
    }

    private static void OpenTypes(Type type)
    {
        Open(type.Assembly);
        foreach (var argument in type.IsGenericType ? type.GetGenericArguments() : [])
        {
            OpenTypes(argument);
        }
    }

    // return s_method.Call(this, new ValueTuple<...>(arguments), token); with s_method.Construct<ValueTuple<types>>() for a generic method
    private static void EmitStub(ILGenerator il, MethodShape shape, FieldBuilder field)
    {
        il.Emit(OpCodes.Ldsfld, field);
        if (shape.TypeParameters.Length > 0)
        {
            il.Emit(OpCodes.Callvirt, ConstructMethod.MakeGenericMethod(ArgumentTuples.TypeOf(shape.TypeParameters)));
            il.Emit(OpCodes.Castclass, shape.MethodType);
        }

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

        il.Emit(OpCodes.Callvirt, EmittedMembers.Method(shape.MethodType, "Call"));
        il.Emit(OpCodes.Ret);
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
                il.Emit(OpCodes.Newobj, EmittedMembers.Constructor(types[i], 1));
            }
        }

        if (types.Length == 8)
        {
            EmitTuple(il, shape, first + 7, types[7]);
        }

        il.Emit(OpCodes.Newobj, EmittedMembers.Constructor(tuple, types.Length));
    }

    // return ((IInterface)target).Method(arguments.Item1, ..., token);
    private static void EmitInvoker(TypeBuilder proxy, MethodInfo info, MethodShape shape)
    {
        var isVoid = info.ReturnType == typeof(void);
        var invoker = proxy.DefineMethod(shape.InvokerName, MethodAttributes.Public | MethodAttributes.Static);

        // Type parameters belong to one method.
        shape = DefineTypeParameters(invoker, info) is { } parameters ? new MethodShape(info, shape.Index, parameters) : shape;
        invoker.SetReturnType(isVoid ? typeof(object) : shape.ReturnType);
        invoker.SetParameters(typeof(object), shape.TupleType.MakeByRefType(), typeof(CancellationToken));
        var il = invoker.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Castclass, info.DeclaringType!);
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

        il.Emit(OpCodes.Callvirt, shape.TypeParameters.Length > 0 ? info.MakeGenericMethod(shape.TypeParameters) : info);
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
            il.Emit(OpCodes.Ldflda, EmittedMembers.Field(tuple, "Rest"));
            tuple = tuple.GetGenericArguments()[^1];
        }

        var field = EmittedMembers.Field(tuple, name);
        var argument = shape.Arguments[index];
        if (argument.IsShared)
        {
            il.Emit(OpCodes.Ldflda, field);
            il.Emit(OpCodes.Ldfld, EmittedMembers.Field(typeof(ByReference<>).MakeGenericType(argument.Type), "Value"));
        }
        else
        {
            il.Emit(OpCodes.Ldfld, field);
        }
    }
}
